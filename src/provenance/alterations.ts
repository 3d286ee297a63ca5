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
    ...(intact ? [] : ['The PDF was altered after it was generated: its bytes do not match its identifier.']),
    ...otherAttachments.map((name) => `The attachment "${name}" does not match the manifest in the PDF.`),
    ...others.map(({ where, sha256: other }) =>
      rendered === sha256
        ? `A different SHA-256 is recorded in ${where}, ${other}: the PDF matches what this project generates, but that record does not.`
        : `A different SHA-256 is recorded in ${where}, ${other}: this is not the PDF that was recorded.`,
    ),
  ];
}

/** Notes about the records of an edition that would be generated differently today. */
export function notRecorded(sha256: string, recorded: readonly Recorded[]): string[] {
  if (recorded.length === 0)
    return [
      'Nothing vouches for this PDF: its SHA-256 is in none of the records, and its bytes cannot be generated again here. The differences may be the reason, but an altered PDF would look the same.',
    ];
  return recorded
    .filter((each) => each.sha256 !== sha256)
    .map(
      ({ where }) =>
        `A different SHA-256 is recorded in ${where}: the edition was generated again since, or this PDF was altered.`,
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
}): { altered: boolean; says: string } {
  const { manifest, sha256 } = proof;
  const found = (says: string, altered = false) => ({ altered, says });
  if (manifest.html.sha256 !== again.manifest.html.sha256) {
    // As recorded: a revision uses the day of its correction.
    const by = manifest.correction?.asOf ?? manifest.asOf;
    const others = own && tables ? otherTables(own.known, knownTables(tables, by)) : [];
    return found(
      others.length > 0
        ? `The page is different, because rows that it does not show were changed in ${others.join(', ')}.`
        : 'The page is different, although everything in its manifest is the same: rows that it does not show were changed, or Sitrep was changed without a new version.',
    );
  }
  if (recorded.some((each) => each.sha256 === sha256))
    return found(
      'The page is the same, but was printed or sealed differently: by another build of the browser or of Sitrep with the same version.',
    );
  const others = otherContents(proof, again);
  return others.length > 0
    ? found(
        `The PDF was altered after it was generated: its inputs are the same, but its contents differ, namely ${others.join(', ')}.`,
        true,
      )
    : found(
        'It shows the same page, but its bytes differ: it was generated with another build of the browser or of Sitrep with the same version, or it was altered in a way that its text does not show. Its SHA-256 is in none of the records. To decide, compare it with the ledger where the PDF was generated.',
      );
}
