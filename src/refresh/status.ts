import { resolve } from 'node:path';
import { z } from 'zod';
import { type Day, daysBetween } from '../calendar.ts';
import { checksBy, coverageOfImports, incidentsAsOf } from '../dataset/incidents.ts';
import { type Damage, readIncidentStore, readRows } from '../dataset/reading/incident-store.ts';
import { AppError } from '../errors.ts';
import { sourcesOf } from './refresh.ts';

/** How fresh a dataset is, and what its imports brought. */
export type DataStatus = Awaited<ReturnType<typeof dataStatus>>;

const MOST_MONTHS = 24;
const MOST_IMPORTS = 10;

/** Incidents of one day that became known on one day. */
interface Report {
  readonly start: Day;
  readonly known_on: Day;
  readonly count: number;
}

/**
 * The status of the dataset in `folder` on the day `today`. `measureLag` gives null if the reports are too few. Throws
 * `dataset-invalid`.
 */
export async function dataStatus(
  folder: string,
  { today, measureLag }: { today: Day; measureLag: (reports: readonly Report[]) => number | null },
) {
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
  const newest = imports.at(-1)?.known_on ?? today;
  const { sql: current } = incidentsAsOf(store, { asOf: newest });
  const ask = async <S extends z.ZodObject>(sql: string, row: S): Promise<z.output<S>[]> =>
    z.array(row).parse(await readRows(sql, `${folder}/incidents`));
  const months = await ask(
    `WITH own AS (SELECT date_trunc('month', start) AS month, count(*) AS incidents FROM (${current}) GROUP BY ALL),
      shown AS (SELECT month FROM own WHERE month > (SELECT max(month) FROM own) - INTERVAL ${MOST_MONTHS} MONTH)
    SELECT strftime(month, '%Y-%m') AS month, coalesce(incidents, 0) AS incidents, (SELECT sum(incidents) FROM own) AS total
    FROM (SELECT unnest(range(min(month), max(month) + INTERVAL 1 MONTH, INTERVAL 1 MONTH))::DATE AS month FROM shown)
    LEFT JOIN own USING (month) ORDER BY ALL`,
    z.object({ month: z.string(), incidents: z.coerce.number(), total: z.coerce.number() }),
  );
  // Those of the last year, as the query of the scaffold's brief on activity has them.
  const reports = await ask(
    `SELECT "import", start, known_on, sum(number) AS count FROM (${current})
    WHERE counts AND start > '${newest}'::DATE - INTERVAL 1 YEAR GROUP BY ALL ORDER BY ALL`,
    z.object({
      import: z.coerce.number(),
      start: z.string(),
      known_on: z.string(),
      count: z.coerce.number(),
    }),
  );
  const publishers = [...new Set(imports.map(({ source }) => source))];
  return {
    dataset: folder,
    sources: sources.map(({ name }) => {
      const checkedOn = checks.find(({ source }) => source === name)?.checkedOn;
      const last = imports.findLast(({ feed }) => feed === name);
      return {
        name,
        // The last successful check, in UTC; null before the first.
        checkedOn: checkedOn ?? null,
        checkedDaysAgo: ago(checkedOn),
        // The last import that the source brought; null if none.
        import: last?.number ?? null,
        importedOn: last?.known_on ?? null,
        importedDaysAgo: ago(last?.known_on),
      };
    }),
    // Those that are current now.
    incidents: months[0]?.total ?? 0,
    coverage: coverageOfImports(imports).filter(({ country }) => country !== null),
    // As `YYYY-MM`, with the number of incidents that began in them.
    months: months.map(({ month, incidents }) => ({ month, incidents })),
    // What the imports of each publisher say about its reporting lag, in days.
    lag: publishers.map((publisher) => {
      const own = imports.filter(({ source }) => source === publisher);
      const numbers = own.map(({ number }) => number);
      return {
        publisher,
        // For its last import; null if not declared.
        declared: own.at(-1)?.lag_days ?? null,
        // From successive imports; null if they are too few.
        measured: measureLag(reports.filter((each) => numbers.includes(each.import))),
      };
    }),
    imports: imports.length,
    // The newest first.
    lastImports: imports.slice(-MOST_IMPORTS).toReversed(),
  };
}
