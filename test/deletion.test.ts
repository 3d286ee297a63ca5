import { beforeAll, describe, expect, test } from 'vitest';
import { eachRow, type TableRow } from '../src/dataset/references.ts';
import { AppError } from '../src/errors.ts';
import type { Rendering } from '../src/rules/gate.ts';
import { printedBlocks } from './support/page.ts';
import {
  goldenEditions,
  loadProduct,
  type NamedEdition,
  type Product,
  renderEdition,
  withTables,
} from './support/product.ts';
import { rememberedQueries } from './support/queries.ts';

const product: Product = await loadProduct();
const openQueries = rememberedQueries();
const rows = eachRow(product.dataset.tables);

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
const without = ({ table, row }: TableRow): Product =>
  withTables(product, (tables) => ({ ...tables, [table]: tables[table].filter(({ id }) => id !== row.id) }));

/** Runs so many at a time: while one edition waits for the database, another is drawn. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const next = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item);
  };
  await Promise.all([next(), next(), next(), next()]);
}

/** For each row, the golden editions of each brief whose pages say that they show it, the last one first. */
const shown = new Map<string, { [brief: string]: NamedEdition[] }>();
const pages = new Map<string, string>();

const keyOf = ({ name, asOf }: NamedEdition): string => `${asOf} ${name}`;

beforeAll(async () => {
  const golden = await Promise.all(product.briefs.map(({ id }) => goldenEditions(product, id, openQueries)));
  await forEach(golden.flat(), async (edition) => {
    const rendering = await renderEdition(product, edition, openQueries);
    pages.set(keyOf(edition), seen(rendering));
    for (const id of rendering.used) {
      const editions = shown.get(id) ?? {};
      const found = [...(editions[edition.brief] ?? []), edition];
      shown.set(id, {
        ...editions,
        [edition.brief]: found.toSorted((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1)),
      });
    }
  });
});

/** Whether a row is the one that an edition sees of its id: the newest that was known by then. */
const isInForce = ({ row }: TableRow, { asOf }: NamedEdition): boolean =>
  row.known_on <= asOf &&
  rows.every(({ row: { id, known_on } }) => id !== row.id || known_on <= row.known_on || known_on > asOf);

test('every row of the dataset is shown by a brief at one of its golden dates', () => {
  expect(rows.length).toBeGreaterThan(150);
  expect(rows.filter(({ row }) => !shown.has(row.id)).map(({ table, row }) => `${table} ${row.id}`)).toEqual(
    [],
  );
});

describe.each(product.briefs.map(({ id }) => ({ brief: id })))('$brief', ({ brief }) => {
  test('changes with each row that it shows, when that row is deleted', async () => {
    const deletions = rows.flatMap((entry) => {
      const edition = shown.get(entry.row.id)?.[brief]?.find((each) => isInForce(entry, each));
      return edition === undefined ? [] : [{ entry, edition }];
    });
    expect(deletions.length).toBeGreaterThan(20);
    const unmoved: string[] = [];
    const failed: string[] = [];
    await forEach(deletions, async ({ entry, edition }) => {
      const name = `${entry.row.id} in ${keyOf(edition)}`;
      try {
        const rendering = await renderEdition(without(entry), edition, openQueries);
        if (seen(rendering) === pages.get(keyOf(edition))) unmoved.push(name);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // Without the row that the edition is about, there is no such edition.
        if (Object.values(edition.parameters).includes(entry.row.id)) return;
        failed.push(`${name}: ${error.message}`);
      }
    });
    expect.soft(failed.toSorted(), 'editions that could not be made without a row').toEqual([]);
    expect.soft(unmoved.toSorted(), 'rows without which the page is the same').toEqual([]);
  });
});
