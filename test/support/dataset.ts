import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { AppError, type Fault } from '../../src/errors.ts';
import { copyFolder } from './copy.ts';

const datasets = join(import.meta.dirname, '../input/datasets');

/** A copy of a dataset in test/input/datasets that one test may spoil. */
export async function copyOf(name: 'base' | 'revised'): Promise<string> {
  const folder = await temporaryFolder();
  copyFolder(join(datasets, name), folder);
  return folder;
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sitrep-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A change to one file of a dataset: its name, and what becomes of its text. */
export type Edit = readonly [file: string, change: (text: string) => string | Buffer];

/** Sets one cell of a table without quoted cells: `row` as a spreadsheet numbers it. */
export function set(table: string, row: number, field: string, value: string): Edit {
  return [
    `${table}.csv`,
    (text) => {
      const rows = text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(','));
      const column = rows[0]?.indexOf(field) ?? -1;
      const cells = rows[row - 1];
      if (!cells || column === -1) throw new Error(`There is no ${field} in row ${row} of ${table}.`);
      cells[column] = value;
      return `${rows.map((each) => each.join(',')).join('\n')}\n`;
    },
  ];
}

/** Adds a copy of a row to the end of its table, with other values in some cells. */
export function add(table: string, row: number, cells: { readonly [field: string]: string }): Edit {
  return [
    `${table}.csv`,
    (text) => {
      const lines = text.trimEnd().split('\n');
      const copy = [...lines, lines[row - 1]].join('\n');
      return Object.entries(cells).reduce<string>(
        (changed, [field, value]) => String(set(table, lines.length + 1, field, value)[1](changed)),
        copy,
      );
    },
  ];
}

export async function apply(folder: string, edits: readonly Edit[]): Promise<void> {
  for (const [file, change] of edits)
    await writeFile(join(folder, file), change(await readFile(join(folder, file), 'utf8')));
}

/** The faults of the dataset in `folder`, which messages call `data/test`. */
export async function faultsIn(folder: string): Promise<readonly Fault[]> {
  try {
    await loadDataset(folder, 'data/test');
    return [];
  } catch (error) {
    if (error instanceof AppError && error.code === 'dataset-invalid') return error.faults;
    throw error;
  }
}

/** The faults of the base dataset after `edits`. */
export async function faultsAfter(...edits: Edit[]): Promise<readonly Fault[]> {
  const folder = await copyOf('base');
  await apply(folder, edits);
  return faultsIn(folder);
}

export const loadTestDataset = (name: 'base' | 'revised') =>
  loadDataset(join(datasets, name), `test/input/datasets/${name}`);

export const clear = (table: string): Edit => [`${table}.csv`, (text) => `${text.split('\n')[0]}\n`];
export const swap = (file: string, from: string, to: string): Edit => [
  file,
  (text) => {
    if (!text.includes(from)) throw new Error(`${file} does not hold ${from}.`);
    return text.replace(from, to);
  },
];

/** Where a fault is to be found, and what it says. */
type Place = readonly [file: string, row: number | undefined, field: string | undefined, problem: RegExp];
/** A way to spoil the base dataset, and the fault that must come of it. */
export interface Case {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly fault: Place;
}
export const one = (name: string, fault: Place, ...edits: Edit[]): Case => ({ name, fault, edits });

/** One test for each case: it is found, in its place, with a remedy, and without a crowd of others. */
export function testFaults(_: string, cases: readonly Case[]): void {
  test.each(cases)('$name', async ({ edits, fault: [file, row, field, problem] }) => {
    const faults = await faultsAfter(...edits);
    expect(faults).toContainEqual(
      expect.objectContaining({ file: `data/test/${file}`, problem: expect.stringMatching(problem) }),
    );
    const found = faults.find((fault) => problem.test(fault.problem));
    expect([found?.row, found?.field]).toEqual([row, field]);
    expect(found?.hint).toMatch(/[.?]$/);
    // What else is said is said of the same thing: a circle, for one, has two ends.
    expect(faults.length).toBeLessThanOrEqual(3);
  });
}
