import { resolve } from 'node:path';
import { z } from 'zod';
import { type Day, daysBetween } from '../calendar.ts';
import {
  checksBy,
  coverageOfImports,
  type ImportRecord,
  type IncidentCoverage,
  type IncidentStore,
  incidentsAsOf,
} from '../dataset/incidents.ts';
import { type Damage, readIncidentStore, readRows } from '../dataset/reading/incident-store.ts';
import { AppError } from '../errors.ts';
import { sourcesOf } from './refresh.ts';

export interface SourceStatus {
  readonly name: string;
  /** The last successful check, in UTC; null before the first. */
  readonly checkedOn: Day | null;
  readonly checkedDaysAgo: number | null;
  /** The last import that the source brought; null if none. */
  readonly import: number | null;
  readonly importedOn: Day | null;
  readonly importedDaysAgo: number | null;
}

/** What the imports of one publisher say about its reporting lag, in days. */
interface PublisherLag {
  /** The publisher's name for readers. */
  readonly publisher: string;
  /** As declared for its last import; null if not declared. */
  readonly declared: number | null;
  /** As measured from successive imports; null if they are too few. */
  readonly measured: number | null;
}

/** How fresh a dataset is, and what its imports brought. */
export interface DataStatus {
  readonly dataset: string;
  readonly sources: readonly SourceStatus[];
  /** Incidents that are current now. */
  readonly incidents: number;
  readonly coverage: readonly IncidentCoverage[];
  /** The months with incidents, at most the last 24, as `YYYY-MM`, with the number of incidents that began in them. */
  readonly months: readonly { readonly month: string; readonly incidents: number }[];
  readonly lag: readonly PublisherLag[];
  /** The number of all imports. */
  readonly imports: number;
  /** The last ten, the newest first. */
  readonly lastImports: readonly ImportRecord[];
}

const MONTHS = 24;
const IMPORTS = 10;

/** Incidents of one day that became known on one day. */
interface Report {
  readonly start: Day;
  readonly known_on: Day;
  readonly count: number;
}

/** The status of the dataset in `folder` on the day `today`. Throws `dataset-invalid`. */
export async function dataStatus(
  folder: string,
  {
    today,
    measureLag,
  }: {
    today: Day;
    /** Null if the reports are too few. */ measureLag: (reports: readonly Report[]) => number | null;
  },
): Promise<DataStatus> {
  const sources = await sourcesOf(resolve(folder), folder);
  const damaged: Damage[] = [];
  const store = await readIncidentStore(folder, folder, damaged);
  if (damaged.length > 0)
    throw new AppError(
      'dataset-invalid',
      damaged.map(({ fault }) => fault),
    );
  const { imports } = store;
  const checks = checksBy(today, store);
  const ago = (day: Day | undefined): number | null =>
    day === undefined ? null : daysBetween(day, today) - 1;
  const counted = await count(store, `${folder}/incidents`);
  const publishers = [...new Set(imports.map(({ source }) => source))];
  return {
    dataset: folder,
    sources: sources.map(({ name }) => {
      const checkedOn = checks.find(({ source }) => source === name)?.checkedOn;
      const last = imports.findLast(({ feed }) => feed === name);
      return {
        name,
        checkedOn: checkedOn ?? null,
        checkedDaysAgo: ago(checkedOn),
        import: last?.number ?? null,
        importedOn: last?.known_on ?? null,
        importedDaysAgo: ago(last?.known_on),
      };
    }),
    incidents: counted.months.reduce((sum, { incidents }) => sum + incidents, 0),
    coverage: coverageOfImports(imports).filter(({ country }) => country !== null),
    months: lastMonths(counted.months),
    lag: publishers.map((publisher) => {
      const own = imports.filter(({ source }) => source === publisher);
      const numbers = new Set(own.map(({ number }) => number));
      return {
        publisher,
        declared: own.at(-1)?.lag_days ?? null,
        measured: measureLag(counted.reports.filter((each) => numbers.has(each.import))),
      };
    }),
    imports: imports.length,
    lastImports: imports.slice(-IMPORTS).toReversed(),
  };
}

const monthRows = z.array(z.object({ month: z.string(), incidents: z.coerce.number() }));
const reportRows = z.array(
  z.object({ import: z.coerce.number(), start: z.string(), known_on: z.string(), count: z.coerce.number() }),
);

/** The current incidents by month, and the reports of the last year, from which the lag is measured. */
async function count(store: IncidentStore, displayPath: string) {
  const newest = store.imports.at(-1)?.known_on;
  if (newest === undefined) return { months: [], reports: [] };
  const { sql } = incidentsAsOf(store, { asOf: newest });
  const read = (statement: string): Promise<unknown> => readRows(statement, displayPath);
  return {
    months: monthRows.parse(
      await read(
        `SELECT strftime(start, '%Y-%m') AS month, count(*) AS incidents FROM (${sql}) GROUP BY ALL ORDER BY ALL`,
      ),
    ),
    // As the query of the scaffold's brief on activity has them.
    reports: reportRows.parse(
      await read(`SELECT "import", start, known_on, sum(number) AS count FROM (${sql})
        WHERE counts AND start > '${newest}'::DATE - INTERVAL 1 YEAR GROUP BY ALL ORDER BY ALL`),
    ),
  };
}

function lastMonths(months: DataStatus['months']): DataStatus['months'] {
  const last = months.at(-1)?.month;
  if (last === undefined) return [];
  const [year = 0, month = 0] = last.split('-').map(Number);
  const all = Array.from({ length: MONTHS }, (_, index) => {
    const at = year * 12 + month - MONTHS + index;
    const name = `${String(Math.floor(at / 12)).padStart(4, '0')}-${String((at % 12) + 1).padStart(2, '0')}`;
    return { month: name, incidents: months.find((each) => each.month === name)?.incidents ?? 0 };
  });
  return all.slice(all.findIndex(({ incidents }) => incidents > 0));
}
