import { beforeAll, describe, expect, test } from 'vitest';
import { eachRow, type TableRow } from '../src/dataset/references.ts';
import { AppError } from '../src/errors.ts';
import type { Rendering } from '../src/rules/gate.ts';
import { printedBlocks } from './support/page.ts';
import {
  editionsAt,
  loadExample,
  loadProduct,
  type NamedEdition,
  type Product,
  renderEdition,
  withTables,
} from './support/product.ts';
import { isSoak } from './support/sample.ts';

/** Of each brief and table, every row under `npm run soak`, otherwise the first and then one of so many. */
const EVERY = isSoak ? 1 : 23;

/** Days on which the briefs, taken together, show every row. */
const datasets = [
  {
    name: 'the sample data',
    product: await loadProduct(),
    days: ['2019-06-30', '2020-06-30', '2021-08-16', '2021-08-22', '2021-08-23', '2021-08-25'],
  },
  { name: 'another dataset', product: await loadExample(), days: ['2019-06-30', '2020-06-30', '2021-08-25'] },
];

/**
 * What a reader sees: the text, the drawings and the rows behind them, without what is there for those who cannot see
 * them.
 */
const seen = ({ html, charts }: Rendering): string =>
  JSON.stringify([
    printedBlocks(html),
    Object.values(charts).map(({ svg, rows: behind }) => [
      svg.replaceAll(/ aria-label="[^"]*"/g, ''),
      behind,
    ]),
  ]);

/**
 * The product as if a row had never been written; what rests on it is left out as well. All its revisions go: with the
 * last alone removed, the one before would be printed, which often says the same.
 */
const without = (product: Product, { table, row }: TableRow): Product =>
  withTables(product, (tables) => ({ ...tables, [table]: tables[table].filter(({ id }) => id !== row.id) }));

/** One after another: each edition uses the database of the one before. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}

const keyOf = ({ name, asOf }: NamedEdition): string => `${asOf} ${name}`;

describe.each(datasets)('$name', ({ product, days }) => {
  const { coverage } = product.dataset.tables;
  const rows = eachRow(product.dataset.tables);
  /** For each row, the editions of each brief whose pages say that they show it, the last one first. */
  const shown = new Map<string, { [brief: string]: NamedEdition[] }>();
  const pages = new Map<string, string>();

  beforeAll(async () => {
    const editions = await Promise.all(days.map((day) => editionsAt(product, day)));
    await forEach(editions.flat(), async (edition) => {
      const rendering = await renderEdition(product, edition);
      pages.set(keyOf(edition), seen(rendering));
      for (const id of rendering.used) {
        const found = shown.get(id) ?? {};
        const ofBrief = [...(found[edition.brief] ?? []), edition];
        shown.set(id, {
          ...found,
          [edition.brief]: ofBrief.toSorted((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1)),
        });
      }
    });
  });

  /** Whether a row is the one that an edition sees of its id: the newest that was known by then. */
  const isInForce = ({ row }: TableRow, { asOf }: NamedEdition): boolean =>
    row.known_on <= asOf &&
    rows.every(({ row: { id, known_on } }) => id !== row.id || known_on <= row.known_on || known_on > asOf);

  test('every row is shown by a brief on one of the days', () => {
    expect(rows.length).toBeGreaterThan(25);
    const hidden = rows.filter(({ row }) => !shown.has(row.id));
    expect(hidden.map(({ table, row }) => `${table} ${row.id}`)).toEqual([]);
  });

  test.each(product.briefs.map(({ id }) => id))(
    '%s changes when a row that it shows is deleted',
    async (brief) => {
      const deletions = rows.flatMap((entry) => {
        const edition = shown.get(entry.row.id)?.[brief]?.find((each) => isInForce(entry, each));
        // Without its only row of coverage a dataset records none, and its pages print no notice, as on a covered day.
        const isOnlyCoverage = entry.table === 'coverage' && coverage.length === 1;
        return edition === undefined || isOnlyCoverage ? [] : [{ entry, edition }];
      });
      expect(deletions.length).toBeGreaterThan(20);
      const chosen = [...Map.groupBy(deletions, ({ entry }) => entry.table).values()].flatMap((ofTable) =>
        ofTable.filter((_, index) => index % EVERY === 0),
      );
      const unmoved: string[] = [];
      const failed: string[] = [];
      await forEach(chosen, async ({ entry, edition }) => {
        const name = `${entry.row.id} in ${keyOf(edition)}`;
        try {
          const rendering = await renderEdition(without(product, entry), edition);
          // The weekly's brief.yaml declares that its picture leaves these readings out.
          const isVariation =
            brief === 'weekly' && entry.table === 'readings' && entry.row['role'] === 'sensitivity';
          if (!isVariation && seen(rendering) === pages.get(keyOf(edition))) unmoved.push(name);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          // Without the row that the edition is about, there is no such edition.
          if (Object.values(edition.parameters).includes(entry.row.id)) return;
          failed.push(`${name}: ${error.message}`);
        }
      });
      expect.soft(failed.toSorted(), 'editions that could not be made without a row').toEqual([]);
      expect.soft(unmoved.toSorted(), 'rows without which the page is the same').toEqual([]);
    },
  );
});
