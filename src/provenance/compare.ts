import { newestOn, versionsById } from '../dataset/point-in-time.ts';
import type { Tables } from '../dataset/schema.ts';
import { canonicalJson } from '../hash.ts';
import type { PdfContents } from '../pdf/contents.ts';
import {
  differingNames,
  hashOfRow,
  type Manifest,
  type ManifestRow,
  type SealedManifest,
} from '../render/manifest.ts';
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

const differences =
  (kind: Difference['kind']) =>
  (name: string, change: Difference['change'], says: string): Difference => ({ kind, name, change, says });

/**
 * What happened to the rows of an edition. `shown` are the rows that it would show now; without them, as when the
 * edition can no longer be rendered, the comparison relies on the dataset alone.
 */
export function compareRows(
  { rows, asOf, correction }: SealedManifest,
  { tables, shown }: { tables: Tables; shown?: readonly ManifestRow[] },
): Difference[] {
  const versions = versionsById(tables);
  const row = differences('row');
  const same = new Set(shown?.map(keyOf));
  const gone = rows.flatMap((old): Difference[] => {
    if (same.has(keyOf(old))) return [];
    const { id, table, known_on: knownOn } = old;
    const known = versions.get(id) ?? [];
    const place = `${id} (${table})`;
    if (known.length === 0) return [row(id, 'removed', `${place} is no longer in the dataset.`)];
    const version = known.find((each) => each.row.known_on === knownOn && each.table === table);
    if (version === undefined)
      return [row(id, 'removed', `${place} no longer has a row known on ${knownOn}.`)];
    if (hashOfRow(version.row) !== old.sha256)
      return [
        row(id, 'changed', `${place}, known on ${knownOn}, was edited in place, without a new revision.`),
      ];
    const newest = newestOn(known, correction?.asOf ?? asOf)?.row;
    if (newest !== undefined && newest.known_on > knownOn) {
      const change = newest.status === 'withdrawn' ? 'withdrawn' : 'revised';
      return [row(id, change, `${place} was ${change} by a row known on ${newest.known_on}.`)];
    }
    return shown ? [row(id, 'removed', `${place} is unchanged, but is no longer shown.`)] : [];
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

function compareEvidence({ was, is }: Compared): Difference[] {
  const difference = differences('evidence');
  return was.evidence.flatMap(({ name, query, sha256, count }) => {
    const fresh = is.evidence.find((each) => each.name === name);
    const isIncident = query === null;
    const set = `The ${isIncident ? 'incident' : 'evidence set'} "${name}"`;
    if (fresh === undefined) return difference(name, 'removed', `${set} is no longer cited.`);
    if (fresh.sha256 === sha256) return [];
    const says = isIncident
      ? `${set} has another row than the edition cited.`
      : `${set} had ${count} incidents and has ${fresh.count}: its rows differ.`;
    return difference(name, 'changed', says);
  });
}

function compareParts({ was, is }: Compared): Difference[] {
  const difference = differences('file');
  const keyOfPart = ({ kind, file }: SealedManifest['parts'][number]) => `${kind} ${file}`;
  const [old, fresh] = [was, is].map(({ parts }) => new Map(parts.map((part) => [keyOfPart(part), part])));
  const all = new Map([...(fresh ?? []), ...(old ?? [])]);
  return [...all]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, { kind, file }]) => {
      const [before, after] = [old?.get(key), fresh?.get(key)];
      if (before === undefined)
        return difference(file, 'added', `The ${kind} ${file} is used now, but was not before.`);
      if (after === undefined) return difference(file, 'removed', `The ${kind} ${file} is no longer used.`);
      if (before.sha256 === after.sha256) return [];
      const says =
        kind === 'settings'
          ? `Settings that shape the page in ${file} were changed.`
          : `The ${kind} ${file} was changed.`;
      return difference(file, 'changed', says);
    });
}

function compareEngines({ was, is }: Compared): Difference[] {
  const versionsOf = ({ engine: { browser, ...versions } }: SealedManifest): { [name: string]: string } => ({
    ...versions,
    browser: browser === null ? 'none' : `${browser.name} ${browser.version}`,
  });
  const fresh = versionsOf(is);
  return Object.entries(versionsOf(was)).flatMap(([name, version]) => {
    if (fresh[name] === version) return [];
    const says = `It was generated with ${name} ${version}; the version here is ${fresh[name] ?? 'none'}.`;
    return differences('engine')(name, 'changed', says);
  });
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
  settings.flatMap((name) => {
    const [old, fresh] = [was[name], is[name]].map((value) =>
      typeof value === 'string' ? value : canonicalJson(value),
    );
    if (old === fresh) return [];
    const says = saysOf[name] ?? `Its ${name} was ${old} and is now ${fresh}.`;
    return differences('setting')(name, 'changed', says);
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
    // Whether the files match their own manifest is checked earlier.
    ...differingNames(was.manifest.attachments, is.manifest.attachments).map(
      (name) => `the attachment "${name}"`,
    ),
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
