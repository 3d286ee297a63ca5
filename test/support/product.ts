import { join } from 'node:path';
import { remembered, rendering } from './effects.ts';
import { Newest } from './queries.ts';
import type { Correction } from '../../src/dataset/corrections.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import type { Dataset, ModelTables, RowOf, TableName, Tables } from '../../src/dataset/schema.ts';
import { hashOf } from '../../src/hash.ts';
import { composePage } from '../../src/production/compose-page.ts';
import { editionsAskedFor, resolveEdition } from '../../src/production/fan-out.ts';
import { goldenEditions as goldenOf } from '../../src/production/golden.ts';
import { loadMaterial } from '../../src/production/material.ts';
import { render } from '../../src/production/produce.ts';
import type { Brief, Paper } from '../../src/project/brief.ts';
import { briefIds, loadBrief } from '../../src/project/load-briefs.ts';
import { describeParameters, type Parameters } from '../../src/project/parameters.ts';
import type { OpenQueries } from '../../src/query/select.ts';
import type { Material } from '../../src/render/edition.ts';
import { TimeLimit } from '../../src/render/template/time-limit.ts';
import type { Rendering } from '../../src/rules/gate.ts';
import { openProject } from '../../src/wiring/project.ts';

const root = join(import.meta.dirname, '../..');

/** The product as it is shipped: its briefs, its dataset, its fonts and outlines. */
export interface Product {
  readonly briefs: readonly Brief[];
  readonly dataset: Dataset;
  readonly material: Material;
}

/** A machine under load may take longer for an edition than the briefs allow. */
async function patient(loading: Promise<Brief>): Promise<Brief> {
  const brief = await loading;
  const limits = { ...brief.config.limits, seconds: 600 };
  return { ...brief, config: { ...brief.config, limits } };
}

/** Loads all of it once, to be shared by all tests of a process: what has the same rows is not queried or drawn again. */
export const loadProduct = (): Promise<Product> => (shipped ??= readProduct());
let shipped: Promise<Product> | undefined;

async function readProduct(): Promise<Product> {
  const templates = join(root, 'templates');
  const name = 'afghanistan-2021';
  const [briefs, dataset, material] = await Promise.all([
    briefIds(templates).then((ids) => Promise.all(ids.map((id) => patient(loadBrief(templates, id))))),
    loadDataset(join(root, 'data', name), `data/${name}`),
    loadMaterial(),
  ]);
  const product = { briefs, dataset, material };
  loaded.push(product);
  return product;
}

/** The example of a team with briefs of its own: another dataset, and a brief that is not of this repository. */
export const loadExample = (): Promise<Product> => (example ??= readExample());
let example: Promise<Product> | undefined;

async function readExample(): Promise<Product> {
  const project = openProject(join(root, 'examples/own-briefs'), { sitrep: root });
  const [briefs, dataset, material] = await Promise.all([
    project.briefIds().then((ids) => Promise.all(ids.map((id) => patient(project.loadBrief(id))))),
    project.loadDataset('ties-2020'),
    project.loadMaterial(),
  ]);
  const product = { briefs, dataset, material };
  loaded.push(product);
  return product;
}

export function findBrief({ briefs }: Pick<Product, 'briefs'>, id: string): Brief {
  const brief = briefs.find((each) => each.id === id);
  if (brief === undefined) throw new Error(`There is no brief "${id}".`);
  return brief;
}

/** Editions of the products as they are loaded, which the tests of a process only read. */
const renderings = new Newest<Promise<Rendering>>(80);
const loaded: Product[] = [];

/** One edition up to its finished HTML; nothing is printed. What is remembered is not rendered twice in a process. */
export function renderEdition(
  product: Product,
  {
    brief,
    asOf,
    paper = 'A4',
    parameters = {},
    correction = null,
  }: {
    brief: string;
    asOf: string;
    paper?: Paper;
    parameters?: Parameters;
    correction?: Correction | null;
  },
  effects: typeof rendering = remembered,
): Promise<Rendering> {
  const { dataset, material } = product;
  const edition = { brief: findBrief(product, brief), dataset, asOf, paper, parameters, correction };
  const make = () => render(resolveEdition(edition), effects, material);
  const number = loaded.indexOf(product);
  if (number < 0 || effects !== remembered) return make();
  return renderings.get(JSON.stringify([number, brief, asOf, paper, parameters, correction]), make);
}

/** The page of a wrong copy, whatever the rules say of it: to judge a page takes as long as all the steps before. */
export function composeEdition(
  product: Product,
  { brief: id, asOf, parameters = {} }: { brief: string; asOf: string; parameters?: Parameters },
): ReturnType<typeof composePage> {
  const { dataset, material } = product;
  const brief = findBrief(product, id);
  const options = { onStep: () => {}, explained: false, limit: new TimeLimit(brief, {}) };
  return composePage(resolveEdition({ brief, dataset, asOf, parameters }), remembered, material, options);
}

/** One edition of a brief, by a name for tests. */
export interface NamedEdition {
  readonly name: string;
  readonly brief: string;
  readonly asOf: string;
  readonly parameters: Parameters;
}

const named = (brief: string, asOf: string, parameters: Parameters): NamedEdition => ({
  name: [brief, describeParameters(parameters)].filter((part) => part !== '').join(' '),
  brief,
  asOf,
  parameters,
});

/** Every edition of every brief as of a day, those of briefs that fan out included. */
export async function editionsAt(
  { briefs, dataset }: Product,
  asOf: string,
  open: OpenQueries = remembered.openQueries,
): Promise<NamedEdition[]> {
  const found = briefs.map(async (brief) => {
    const editions = await editionsAskedFor({ brief, dataset, asOf }, { openQueries: open });
    return editions.map(({ parameters }) => named(brief.id, asOf, parameters));
  });
  return (await Promise.all(found)).flat();
}

/** The editions at a brief's golden dates, oldest first. */
export async function goldenEditions(
  { briefs, dataset }: Product,
  id: string,
  open: OpenQueries = remembered.openQueries,
): Promise<NamedEdition[]> {
  const found = await goldenOf({ brief: findBrief({ briefs }, id), dataset }, { openQueries: open });
  return found.map(({ asOf, parameters }) => named(id, asOf, parameters));
}

/** The product with other tables. */
export const withTables = (product: Product, change: (tables: Tables) => Tables): Product => ({
  ...product,
  dataset: { ...product.dataset, tables: change(product.dataset.tables) },
});

/** The product with fields of one row changed. Throws when there is no such row. */
export function withRow<T extends TableName>(
  product: Product,
  table: T,
  id: string,
  fields: Partial<RowOf<T>>,
): Product {
  return withTables(product, (tables) => {
    const model: ModelTables = tables;
    const rows = model[table];
    if (!rows.some((row) => row.id === id)) throw new Error(`There is no row "${id}" in ${table}.`);
    return { ...tables, [table]: rows.map((row) => (row.id === id ? { ...row, ...fields } : row)) };
  });
}

/** The product with a copy of one row added, some of its fields changed. */
export function withCopy<T extends TableName>(
  product: Product,
  table: T,
  id: string,
  fields: Partial<RowOf<T>>,
): Product {
  return withTables(product, (tables) => {
    const model: ModelTables = tables;
    const rows = model[table];
    const row = rows.find((each) => each.id === id);
    if (row === undefined) throw new Error(`There is no row "${id}" in ${table}.`);
    return { ...tables, [table]: [...rows, { ...row, ...fields }] };
  });
}

/** The product without the rows of an id. */
export const withoutRow = (product: Product, table: TableName, id: string): Product =>
  withTables(product, (tables) => ({ ...tables, [table]: tables[table].filter((row) => row.id !== id) }));

/** The product with one file of a brief changed: its template, a query or a chart's spec. */
export function withBrief(product: Product, id: string, change: (brief: Brief) => Brief): Product {
  return { ...product, briefs: product.briefs.map((brief) => (brief.id === id ? change(brief) : brief)) };
}

/** Replaces what must be there, so that a test of a wrong copy cannot silently test the right one. */
export function swapText(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`"${from}" does not stand in the text that is to be changed.`);
  return text.replaceAll(from, to);
}

/** A hash of each edition's page and drawings as of `asOf`, each queried and drawn anew, and all at once. */
export async function digestsOf(
  product: Product,
  asOf: string,
  { onePerBrief = false } = {},
): Promise<{ [edition: string]: string }> {
  const all = await editionsAt(product, asOf, rendering.openQueries);
  const isFirst = ({ brief }: NamedEdition, index: number): boolean =>
    index === all.findIndex((each) => each.brief === brief);
  const digests = all
    .filter((each, index) => !onePerBrief || isFirst(each, index))
    .map(async (edition): Promise<[string, string]> => {
      const { html, charts } = await renderEdition(product, edition, rendering);
      return [edition.name, hashOf(html + JSON.stringify(charts))];
    });
  return Object.fromEntries(await Promise.all(digests));
}
