import { Temporal } from 'temporal-polyfill';
import { unreadable } from '../../editions/visibility.ts';
import { type Day, periodEnding } from '../../calendar.ts';
import type { Dataset } from '../../dataset/schema.ts';
import type { OpenFile } from '../../editions/files.ts';
import type { EditionService } from '../../editions/service.ts';
import { AppError } from '../../errors.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { EditionDetail, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import type { Explanation } from '../../production/explain.ts';
import type { Brief, Imprint } from '../../project/brief.ts';
import { describeParameters } from '../../project/parameters.ts';
import { defaultAsOf } from '../../render/coverage.ts';
import { type Manifest, manifest } from '../../render/manifest.ts';
import { changesShown, sourcesShown } from './evidence.ts';

/** Effects for the pages, apart from the service. */
export interface PageDependencies extends Imprint {
  /** Reads a text file in `web/`. */
  readonly readAsset: (name: string) => Promise<string>;
  readonly loadMaterial: () => Promise<{ readonly fontFaces: string }>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  readonly readFile: (folder: string, name: string) => Promise<Uint8Array | undefined>;
  /** Draws the first page of an edition's HTML as a PNG; undefined if the HTML is missing. */
  readonly picture: (html: OpenFile) => Promise<Uint8Array | undefined>;
  /** Explains the origin of a number or phrase in a PDF. */
  readonly explain: (pdf: Uint8Array, phrase: string) => Promise<Explanation>;
  readonly now: () => Date;
  readonly locale: Locale;
}

/** Maximum length of a page in the service's lists. */
const MOST = 200;

/** The result of a promise, or null if the data or a brief has a fault. The rest of the page is shown anyway. */
async function orNull<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

export type OverviewData = Awaited<ReturnType<typeof gatherOverview>>;

export async function gatherOverview(
  service: EditionService,
  dependencies: PageDependencies,
  caller: Caller,
) {
  const briefs = await Promise.all(
    (await service.briefs(caller)).map(async (view) => {
      const { items } = await service.editions(caller, { brief: view.id, limit: 40 });
      return {
        view,
        brief: await orNull(dependencies.loadBrief(view.id)),
        /** The newest edition. One that is part of a fan-out is shown on the page of the whole. */
        latest: items.find(({ partOf }) => partOf === null) ?? view.latest,
        /** The newest edition that has a page to show. */
        pictured: items.find(({ files }) => files.includes('html')) ?? null,
      };
    }),
  );
  const first = briefs.find(({ brief }) => brief !== null)?.brief ?? null;
  const dataset = await datasetOf(dependencies, first);
  return {
    caller,
    locale: dependencies.locale,
    briefs,
    /** A brief with the last day that its data cover, for an example. */
    example: first && dataset && { brief: first.id, covered: coveredBy(first, dataset, dependencies.now()) },
    counts: await service.counts(caller),
    sources: await service.sources(caller),
  };
}

/** All editions of a brief between two days, both included. */
async function editionsOf(
  service: EditionService,
  caller: Caller,
  wanted: { brief: string; from: Day; to: Day },
): Promise<readonly EditionView[]> {
  const all: EditionView[] = [];
  let after: string | undefined;
  do {
    const { items, next } = await service.editions(caller, { ...wanted, limit: MOST, after });
    all.push(...items);
    after = next ?? undefined;
  } while (after !== undefined);
  return all;
}

const datasetOf = async (dependencies: PageDependencies, brief: Brief | null): Promise<Dataset | null> =>
  brief && orNull(dependencies.loadDataset(brief.config.dataset));

/** The last day that a brief's data cover, or today. */
const coveredBy = (brief: Brief, dataset: Dataset, now: Date): Day =>
  defaultAsOf(dataset, brief.config.schedule.timezone, now).asOf;

/** The first and last day of the weeks that end in a year, from Monday to Sunday. */
export function daysOfYear(year: number): { from: Day; to: Day } {
  const sunday = (date: Temporal.PlainDate) => date.add({ days: 7 - date.dayOfWeek });
  const first = sunday(Temporal.PlainDate.from({ year, month: 1, day: 1 }));
  const last = sunday(Temporal.PlainDate.from({ year, month: 12, day: 31 }));
  return {
    from: first.subtract({ days: 6 }).toString(),
    to: (last.year === year ? last : last.subtract({ days: 7 })).toString(),
  };
}

export type BriefPageData = Awaited<ReturnType<typeof gatherBrief>>;

/** All data for a brief's page with the editions of a year, by default of the newest. Throws `brief-unknown`. */
export async function gatherBrief(
  service: EditionService,
  dependencies: PageDependencies,
  { caller, id, year: asked }: { caller: Caller; id: string; year: number | undefined },
) {
  const view = await service.brief(caller, id);
  const brief = await orNull(dependencies.loadBrief(id));
  const dataset = await datasetOf(dependencies, brief);
  const now = dependencies.now();
  /** The last day that the data cover. */
  const covered = brief && dataset && coveredBy(brief, dataset, now);
  const newest = view.latest?.asOf ?? covered ?? now.toISOString();
  const year = asked ?? Number(newest.slice(0, 4));
  return {
    caller,
    locale: dependencies.locale,
    now,
    view,
    /** Null if the brief cannot be read. */
    brief,
    dataset,
    covered,
    year,
    editions: await editionsOf(service, caller, { brief: id, ...daysOfYear(year) }),
  };
}

export type EditionPageData = Awaited<ReturnType<typeof gatherEdition>>;

/** All data for an edition's page. Throws `edition-unknown`. */
export async function gatherEdition(
  service: EditionService,
  dependencies: PageDependencies,
  { caller, id }: { caller: Caller; id: string },
) {
  const edition = await service.edition(caller, id);
  const { brief: name, asOf } = edition;
  const [view, brief, steps, deliveries, sameDay, made] = await Promise.all([
    orNull(service.brief(caller, name)),
    orNull(dependencies.loadBrief(name)),
    service.steps(caller, id),
    service.deliveries(caller, { edition: id, limit: MOST }),
    editionsOf(service, caller, { brief: name, from: asOf, to: asOf }),
    readManifest(service, dependencies, { caller, edition }),
  ]);
  const dataset = await datasetOf(dependencies, brief);
  const of = brief && dataset && { ...edition, brief, dataset };
  const { locale } = dependencies;
  return {
    caller,
    locale,
    edition,
    view: view ?? unreadable(name),
    brief,
    steps,
    deliveries: deliveries.items,
    parts: sameDay.filter(({ partOf }) => partOf === id),
    /** The edition of the previous period, if there is one. */
    previous: brief && (await previousOf(service, { caller, edition, brief })),
    /** The corrected revision that replaced the edition. */
    replacedBy:
      sameDay.find(({ correction: its, files }) => its?.replaces.edition === id && files.length > 0) ?? null,
    manifest: made,
    changes: of && made && (await orNull(Promise.resolve().then(() => changesShown(of, { caller, locale })))),
    sources: made && dataset && sourcesShown(made, dataset, { caller, locale }),
  };
}

/** The corresponding edition of the previous period. */
async function previousOf(
  service: EditionService,
  { caller, edition, brief }: { caller: Caller; edition: EditionDetail; brief: Brief },
): Promise<EditionView | null> {
  const { previousAsOf: day } = periodEnding(edition.asOf, brief.config.period);
  const found = await editionsOf(service, caller, { brief: brief.id, from: day, to: day });
  const isLike = (other: EditionView) =>
    other.paper === edition.paper &&
    describeParameters(other.parameters) === describeParameters(edition.parameters);
  return found.find(isLike) ?? null;
}

async function readManifest(
  service: EditionService,
  dependencies: PageDependencies,
  { caller, edition }: { caller: Caller; edition: EditionDetail },
): Promise<Manifest | null> {
  if (edition.files.length === 0) return null;
  const file = await service.file(caller, edition.id, 'manifest');
  const bytes = file && (await dependencies.readFile(file.folder, file.name));
  return bytes ? manifest.parse(JSON.parse(new TextDecoder().decode(bytes))) : null;
}
