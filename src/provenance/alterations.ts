import type { Tables } from '../dataset/schema.ts';
import type { Manifest } from '../render/manifest.ts';
import { otherContents, otherTables } from './compare.ts';
import { knownTables } from './make-manifest.ts';
import type { Proof } from './read-proof.ts';

/** A SHA-256 that was recorded for an edition when it was generated. */
export interface Recorded {
  /** As used in a sentence: `the ledger`. */
  readonly where: string;
  readonly sha256: string;
}

/**
 * The signs that the PDF or its records were altered. `explained` means that generating the edition today would give a
 * different result; another recorded hash may then belong to a later generation, which `notRecorded` reports.
 */
export function alterationsOf(
  { intact, otherAttachments, sha256 }: Proof,
  {
    rendered,
    recorded,
    explained,
  }: { rendered: string | null; recorded: readonly Recorded[]; explained: boolean },
): string[] {
  const others = explained ? [] : recorded.filter((each) => each.sha256 !== sha256);
  return [
    ...(intact ? [] : ['The PDF was altered after it was made: its bytes are not those of its identifier.']),
    ...otherAttachments.map((name) => `The attachment "${name}" is not what the manifest in the PDF says.`),
    ...others.map(({ where, sha256: other }) =>
      rendered === sha256
        ? `Another SHA-256 stands in ${where}, ${other}: the PDF is as it is made here, and that record is not.`
        : `Another SHA-256 stands in ${where}, ${other}: this is not the PDF that was recorded.`,
    ),
  ];
}

/** Notes about the records of an edition that would be generated differently today. */
export function notRecorded(sha256: string, recorded: readonly Recorded[]): string[] {
  if (recorded.length === 0)
    return [
      'Nothing vouches for this PDF: its SHA-256 is in no record that was asked, and its bytes cannot be made again here. What differs may be the reason, and a PDF that was altered would look the same.',
    ];
  return recorded
    .filter((each) => each.sha256 !== sha256)
    .map(
      ({ where }) => `Another SHA-256 stands in ${where}: it was made again since, or this PDF was altered.`,
    );
}

/** Explains different bytes when everything that the manifest names is the same. */
export function unexplained({
  proof,
  again,
  own,
  recorded,
  tables,
}: {
  proof: Proof;
  /** The proof in the PDF as generated here and now. */
  again: Proof;
  own: Manifest | null;
  recorded: readonly Recorded[];
  tables: Tables | undefined;
}): { altered: boolean; says: string }[] {
  const { manifest, sha256 } = proof;
  const isRecorded = recorded.some((each) => each.sha256 === sha256);
  if (manifest.html.sha256 !== again.manifest.html.sha256) {
    // As recorded: a revision uses the day of its correction.
    const by = manifest.correction?.asOf ?? manifest.asOf;
    const others =
      own === null || tables === undefined ? [] : otherTables(own.known, knownTables(tables, by));
    const says =
      others.length > 0
        ? `The page reads otherwise, since rows that it does not show were changed in ${others.join(', ')}.`
        : 'The page reads otherwise, though all that its manifest names is the same: rows that it does not show were changed, or Sitrep itself, under the same version.';
    return [{ altered: false, says }];
  }
  if (isRecorded)
    return [
      {
        altered: false,
        says: 'The page is the same, and is printed or sealed otherwise: by another build of the browser or of Sitrep, under the same version.',
      },
    ];
  const others = otherContents(proof, again);
  return others.length > 0
    ? [
        {
          altered: true,
          says: `The PDF was altered after it was made: all that it is made from is the same, and gives other contents. Different are ${others.join(', ')}.`,
        },
      ]
    : [
        {
          altered: false,
          says: 'It shows the same page, but its bytes differ: it was made with another build of the browser or of Sitrep that has the same version, or it was altered in a way that its text does not show. No record that was asked has its SHA-256; what the ledger of its maker has recorded decides.',
        },
      ];
}
