import { type Day, periodEnding } from '../calendar.ts';
import { type CorrectedSet, type Correction, knownFor } from '../dataset/corrections.ts';
import type { Dataset } from '../dataset/schema.ts';
import type { Brief } from '../project/brief.ts';
import { countCorrected } from '../query/evidence-changes.ts';
import { type EvidenceSet, readEvidenceSet, readIncidents } from '../query/evidence-set.ts';
import { type KnownIncidents, knownIncidents } from '../query/incidents.ts';
import { evidenceQueries, type OpenQueries, parametersOf, type Queries } from '../query/select.ts';
import { correctedSetText } from '../render/changes.ts';
import { setsByName } from '../render/evidence-text.ts';
import type { Manifest } from '../render/manifest.ts';

/** What the imports up to a day correct in the incidents of a delivered edition. */
export interface CorrectedEvidence {
  readonly incidents: NonNullable<Correction['incidents']>;
  /** The `sets` of `incidents` in words. */
  readonly texts: readonly string[];
}

/**
 * Compares the hashes of the evidence sets and incidents that an edition cites with those of today's queries over the
 * incidents as corrected by a day. A hash that differs for another reason, such as a changed query, is no correction.
 * Throws `query-failed`.
 */
export async function correctedEvidence(
  { brief, dataset, manifest, by }: { brief: Brief; dataset: Dataset; manifest: Manifest; by: Day },
  openQueries: OpenQueries,
): Promise<CorrectedEvidence> {
  const { asOf, evidence, parameters: given } = manifest;
  const first = manifest.incidents?.import ?? 0;
  const since = manifest.correction?.incidents?.last ?? first;
  const usable = dataset.incidents.imports.filter(({ known_on: knownOn }) => knownOn <= by);
  const last = Math.max(since, usable.at(-1)?.number ?? 0);
  const viewOf = (correctedBy: number): KnownIncidents =>
    knownIncidents(dataset, { asOf, marking: brief.config.marking, upTo: first, correctedBy });
  const corrected = viewOf(last);
  if (corrected.corrections.every(({ number }) => number <= since))
    return { incidents: { first, last, sets: [] }, texts: [] };

  const { settings, tables } = dataset;
  await using opened = new AsyncDisposableStack();
  const open = async (incidents: KnownIncidents): Promise<Queries> =>
    opened.use(
      await openQueries(knownFor(tables, { asOf, correctedAsOf: by }), {
        macros: brief.macros,
        settings,
        incidents,
        locale: brief.locale,
      }),
    );
  const after = await open(corrected);
  const period = periodEnding(asOf, brief.config.period);
  const parameters = parametersOf(brief, { period, settings, given });
  const common = { parameters, incidents: corrected, attach: settings.attach };
  const sources = new Map(evidenceQueries(brief));
  const cited = new Set(evidence.map(({ name }) => name));
  const found: EvidenceSet[] = [];
  for (const [name, { what, ...source }] of sources)
    if (cited.has(name)) found.push(await readEvidenceSet(after, { ...common, name, what, source }));
  const ids = evidence.filter(({ query }) => query === null).map(({ name }) => name);
  if (ids.length > 0) found.push(...(await readIncidents(after, { ...common, ids })));
  const sets = setsByName(found);

  let replaced: Promise<Queries> | undefined;
  const before = (): Promise<Queries> => (replaced ??= open(viewOf(since)));
  const changed: CorrectedSet[] = [];
  for (const { name, query, sha256, count: was } of evidence) {
    const source = sources.get(name);
    // The brief no longer has this evidence set.
    if (query !== null && source === undefined) continue;
    if (sets.get(name)?.sha256 === sha256) continue;
    const counts = await countCorrected({ id: name, source, parameters }, { before, after, since });
    if (counts.revised + counts.withdrawn > 0) changed.push({ name, ...counts, was });
  }
  return {
    incidents: { first, last, sets: changed },
    texts: changed.map((each) => correctedSetText(each, { set: sets.get(each.name), locale: brief.locale })),
  };
}
