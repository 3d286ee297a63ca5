import type { z } from 'zod';
import { sentencesOf } from '../../errors.ts';
import type { RawRow } from '../parse-rows.ts';
import { type TableName, tables } from '../schema.ts';

type Cells = RawRow['cells'];

/** Values for cells that a dataset leaves empty. */
export interface Defaults {
  /** The topic of a row that names none; empty if the dataset has several topics. */
  readonly topic: string;
  /** The day on which undated rows became known, if `knownOn` is declared; otherwise empty. */
  readonly firstDay: string;
  /** Whether an event is known on the day it happens. */
  readonly isDated: boolean;
  readonly countryCode: (given: string) => string;
}

/** What an empty cell means, by table and column. `fillIn` applies it. */
const filledIn: { readonly [T in TableName | 'any']?: { readonly [field: string]: string } } = {
  any: {
    status: '`current`',
    topic: 'the one topic that the dataset declares, or `general`',
    rank: '1',
  },
  actors: { long_name: '`name`' },
  events: {
    title: 'the first sentence of `summary`',
    summary: '`title`',
    precision: '`day`, `range` with a later `date_end`, or `undated` without a date',
  },
  measures: {
    title: '`label`',
    label: '`title`',
    summary: '`title`',
    bound: '`=`',
  },
  judgments: { role: '`assessment`' },
};

/** What an empty cell of a column means, in words for the documentation; undefined if its value cannot be derived. */
export const meaningOfEmpty = (table: TableName, column: string): string | undefined =>
  filledIn[table]?.[column] ?? (column in tables[table].shape ? filledIn.any?.[column] : undefined);

/** The columns that a table must have: those that may be neither empty nor filled in, and the date of each event. */
export const needed = (table: TableName): string[] =>
  Object.entries<z.ZodType>(tables[table].shape)
    .filter(
      ([name, type]) =>
        name === 'date_start' || (meaningOfEmpty(table, name) === undefined && !type.safeParse('').success),
    )
    .map(([name]) => name);

/** Fills in empty cells whose values can be derived. */
export function fillIn(
  table: TableName,
  cells: Cells,
  { topic, firstDay, isDated, countryCode }: Defaults,
): Cells {
  const filled: { [field: string]: string } = { ...cells };
  const cell = (name: string) => filled[name]?.trim() ?? '';
  const fill = (name: string, value: string) => {
    if (cell(name) === '') filled[name] = value;
  };
  fill('status', 'current');
  if (!['sources', 'actors', 'places'].includes(table)) fill('topic', topic);
  if (table === 'judgments' || table === 'gaps' || table === 'indicators') fill('rank', '1');
  if (table === 'actors') fill('long_name', cell('name'));
  if (table === 'judgments') fill('role', 'assessment');
  if (table === 'places') filled['country'] = countryCode(cell('country'));
  if (table === 'events') {
    const [start, end] = [cell('date_start'), cell('date_end')];
    fill('title', shortened(cell('summary')));
    fill('summary', cell('title'));
    fill('precision', start === '' ? 'undated' : end === '' || end === start ? 'day' : 'range');
    if (isDated) fill('known_on', end || start || firstDay);
  }
  if (table === 'measures') {
    const title = cell('title') || cell('label');
    fill('title', title);
    fill('label', title);
    fill('summary', title);
    fill('bound', '=');
    if (isDated) fill('known_on', cell('window_end') || cell('window_start') || firstDay);
  }
  if (isDated) fill('known_on', firstDay);
  return filled;
}

/** The first day of any event, on which everything known from the start becomes known. */
export const firstDayOf = (rows: readonly RawRow[]): string =>
  rows
    .flatMap(({ cells }) => [cells['date_start']?.trim(), cells['date_end']?.trim()])
    .filter((day) => day !== undefined && /^\d{4}-\d\d-\d\d$/.test(day))
    .reduce<string>((first, day = '') => (first === '' || day < first ? day : first), '');

/**
 * Resolves to what gives the alpha-2 code for any ISO 3166-1 code or English country name, and other text unchanged.
 * The list of names is slow to load, and only loaded if one of the places needs it.
 */
export async function countryCodes(places: readonly RawRow[]): Promise<Defaults['countryCode']> {
  const isCode = (given: string): boolean => /^([A-Z]{2})?$/.test(given);
  if (places.every(({ cells }) => isCode(cells['country'] ?? ''))) return (given) => given;
  const { default: countries } = await import('i18n-iso-countries');
  const codeOf = (given: string): string | undefined =>
    /^\d{1,3}$/.test(given)
      ? countries.numericToAlpha2(given.padStart(3, '0'))
      : /^[A-Za-z]{3}$/.test(given)
        ? countries.alpha3ToAlpha2(given.toUpperCase())
        : countries.getSimpleAlpha2Code(given, 'en');
  return (given) => (isCode(given) ? given : (codeOf(given) ?? given));
}

const LONGEST_TITLE = 160;

function shortened(text: string): string {
  const [first = ''] = sentencesOf(text);
  if (first.length <= LONGEST_TITLE) return first.replace(/\.$/, '');
  return `${first.slice(0, LONGEST_TITLE).replace(/\s+\S*$/, '')}…`;
}
