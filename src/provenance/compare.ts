import { newestOn, versionsById } from '../dataset/point-in-time.ts';
import type { TableRow } from '../dataset/references.ts';
import type { Tables } from '../dataset/schema.ts';
import { canonicalJson } from '../hash.ts';
import type { PdfContents } from '../pdf/contents.ts';
import { hashOfRow, type Manifest, type ManifestRow, type SealedManifest } from '../render/manifest.ts';
import type { Proof } from './read-proof.ts';

/** One difference between an edition's inputs then and now. */
export interface Difference {
  readonly kind: 'row' | 'evidence' | 'file' | 'engine' | 'setting' | 'rendering';
  /** The id of a row, the path of a file, or the name of a program or setting. */
  readonly name: string;
  readonly change: 'changed' | 'revised' | 'withdrawn' | 'added' | 'removed';
  /** A sentence. */
  readonly says: string;
}

type Compared = { readonly was: SealedManifest; readonly is: SealedManifest };

/** All differences between the inputs in two manifests of one edition. */
export function compareManifests({ was, is }: Compared, tables: Tables): Difference[] {
  return [
    ...compareRows(was, { tables, shown: is.rows }),
    ...compareEvidence({ was, is }),
    ...compareParts({ was, is }),
    ...compareEngines({ was, is }),
    ...compareSettings({ was, is }),
  ];
}

/**
 * What happened to the rows of an edition. `shown` are the rows that it would show now; without them, as when the
 * edition can no longer be rendered, the comparison relies on the dataset alone.
 */
export function compareRows(
  { rows, asOf, correction }: SealedManifest,
  { tables, shown }: { tables: Tables; shown?: readonly ManifestRow[] },
): Difference[] {
  const versions = versionsById(tables);
  const row = (name: string, change: Difference['change'], says: string): Difference => ({
    kind: 'row',
    name,
    change,
    says,
  });
  const same = new Set(shown?.map(keyOf));
  const gone = rows.flatMap((old): Difference[] => {
    if (same.has(keyOf(old))) return [];
    const known = versions.get(old.id) ?? [];
    const version = known.find((each) => each.row.known_on === old.known_on && each.table === old.table);
    const newest = newestOn(known, correction?.asOf ?? asOf);
    const place = `${old.id} (${old.table})`;
    if (known.length === 0) return [row(old.id, 'removed', `${place} is no longer in the dataset.`)];
    if (
      newest !== undefined &&
      newest.row.known_on > old.known_on &&
      version !== undefined &&
      isSame(old, version)
    ) {
      return newest.row.status === 'withdrawn'
        ? [row(old.id, 'withdrawn', `${place} was withdrawn by a row known on ${newest.row.known_on}.`)]
        : [row(old.id, 'revised', `${place} was revised by a row known on ${newest.row.known_on}.`)];
    }
    if (version === undefined)
      return [row(old.id, 'removed', `${place} no longer has a row known on ${old.known_on}.`)];
    if (!isSame(old, version))
      return [
        row(
          old.id,
          'changed',
          `${place}, known on ${old.known_on}, was edited in place, without a new revision.`,
        ),
      ];
    if (shown === undefined) return [];
    return [row(old.id, 'removed', `${place} is unchanged, but is no longer shown.`)];
  });
  const known = new Set(rows.map(({ id }) => id));
  const added = (shown ?? [])
    .filter(({ id }) => !known.has(id))
    .map(({ id, table, known_on }) =>
      row(id, 'added', `${id} (${table}), known on ${known_on}, is shown now, but was not before.`),
    );
  return [...gone, ...added].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const keyOf = ({ id, known_on, sha256 }: ManifestRow): string => `${id} ${known_on} ${sha256}`;
const isSame = ({ sha256 }: ManifestRow, { row }: TableRow): boolean => hashOfRow(row) === sha256;

function compareEvidence({ was, is }: Compared): Difference[] {
  const now = new Map(is.evidence.map((set) => [set.name, set]));
  return was.evidence.flatMap((old): Difference[] => {
    const fresh = now.get(old.name);
    const isIncident = old.query === null;
    const set = `The ${isIncident ? 'incident' : 'evidence set'} "${old.name}"`;
    const difference = (change: Difference['change'], says: string) => [
      { kind: 'evidence' as const, name: old.name, change, says },
    ];
    if (fresh === undefined) return difference('removed', `${set} is no longer cited.`);
    if (fresh.sha256 === old.sha256) return [];
    return difference(
      'changed',
      isIncident
        ? `${set} has another row than the edition cited.`
        : `${set} had ${old.count} incidents and has ${fresh.count}: its rows differ.`,
    );
  });
}

function compareParts({ was, is }: Compared): Difference[] {
  const partsOf = ({ parts }: Pick<SealedManifest, 'parts'>) =>
    new Map(parts.map(({ kind, file, sha256 }) => [`${kind} ${file}`, { kind, file, sha256 }]));
  const [old, fresh] = [partsOf(was), partsOf(is)];
  return [...new Set([...old.keys(), ...fresh.keys()])].toSorted().flatMap((key): Difference[] => {
    const [before, after] = [old.get(key), fresh.get(key)];
    const { file = '', kind = '' } = before ?? after ?? {};
    const difference = (change: Difference['change'], says: string) => [
      { kind: 'file' as const, name: file, change, says },
    ];
    if (before === undefined)
      return difference('added', `The ${kind} ${file} is used now, but was not before.`);
    if (after === undefined) return difference('removed', `The ${kind} ${file} is no longer used.`);
    if (before.sha256 === after.sha256) return [];
    const what = kind === 'settings' ? 'Settings that shape the page' : `The ${kind}`;
    return difference(
      'changed',
      `${what} ${kind === 'settings' ? `in ${file} were` : `${file} was`} changed.`,
    );
  });
}

function compareEngines({ was, is }: Compared): Difference[] {
  const versionsOf = ({ engine: { browser, ...versions } }: SealedManifest): { [name: string]: string } => ({
    ...versions,
    browser: browser === null ? 'none' : `${browser.name} ${browser.version}`,
  });
  const [old, fresh] = [versionsOf(was), versionsOf(is)];
  return Object.entries(old).flatMap(([name, version]): Difference[] =>
    fresh[name] === version
      ? []
      : [
          {
            kind: 'engine',
            name,
            change: 'changed',
            says: `It was generated with ${name} ${version}; the version here is ${fresh[name] ?? 'none'}.`,
          },
        ],
  );
}

const settings = [
  'title',
  'issue',
  'period',
  'cutOff',
  'paper',
  'marking',
  'parameters',
  'correction',
  'dataset',
  'incidents',
  'rules',
] as const;

/** For settings whose values are too long to print. */
const saysOf: { readonly [name: string]: string } = {
  rules: 'Different rules apply to it now.',
  correction: 'The details of its correction have changed.',
};

const compareSettings = ({ was, is }: Compared): Difference[] =>
  settings.flatMap((name): Difference[] => {
    const [old, fresh] = [was[name], is[name]].map((value) =>
      typeof value === 'string' ? value : canonicalJson(value),
    );
    if (old === fresh) return [];
    const says = saysOf[name] ?? `Its ${name} was ${old} and is now ${fresh}.`;
    return [{ kind: 'setting', name, change: 'changed', says }];
  });

/** The tables whose rows known by the cut-off have changed since the manifest beside the edition was written. */
export const otherTables = (was: Manifest['known'], is: Manifest['known']): string[] =>
  is
    .filter(({ table, sha256 }) => was.find((each) => each.table === table)?.sha256 !== sha256)
    .map(({ table }) => table);

/**
 * How the content of a PDF differs from that of one regenerated from the same inputs: a phrase for each difference,
 * none if they are the same. Drawings and the look of text are not compared.
 */
export function otherContents(was: Proof, is: Proof): string[] {
  const [before, after] = [was.readPages(), is.readPages()];
  return [
    ...(before === undefined || after === undefined
      ? ['its pages, which cannot be read']
      : [...otherPages(before, after), ...otherParts(before, after)]),
    ...otherAttachments(was, is),
  ];
}

function otherPages({ pages: was }: PdfContents, { pages: is }: PdfContents): string[] {
  if (was.length !== is.length) return ['the number of its pages'];
  return was.flatMap((page, index) => {
    const other = is[index];
    if (other === undefined) return [];
    const number = index + 1;
    return [
      ...(page.text === other.text && page.boxes === other.boxes ? [] : [`the text of page ${number}`]),
      ...(page.margins.join('') === other.margins.join('') ? [] : [`the margins of page ${number}`]),
      ...(page.widthPt === other.widthPt && page.heightPt === other.heightPt
        ? []
        : [`the size of page ${number}`]),
    ];
  });
}

function otherParts(was: PdfContents, is: PdfContents): string[] {
  const parts = [
    // The order of fonts and figures in the file depends on the program that wrote it.
    ['its fonts', ({ fonts }: PdfContents) => fonts.map((font) => JSON.stringify(font)).toSorted()],
    ['the text alternatives of its charts', ({ figures }: PdfContents) => figures.map(String).toSorted()],
    ['its bookmarks', ({ bookmarks }: PdfContents) => bookmarks],
    ['its links', ({ links }: PdfContents) => links],
  ] as const;
  return parts
    .filter(([, read]) => JSON.stringify(read(was)) !== JSON.stringify(read(is)))
    .map(([name]) => name);
}

/** Compares the manifests only; whether the files match their own manifest is checked earlier. */
function otherAttachments({ manifest: was }: Proof, { manifest: is }: Proof): string[] {
  const hashes = ({ attachments }: Proof['manifest']) =>
    new Map(attachments.map(({ name, sha256 }) => [name, sha256]));
  const [before, after] = [hashes(was), hashes(is)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .toSorted()
    .map((name) => `the attachment "${name}"`);
}
