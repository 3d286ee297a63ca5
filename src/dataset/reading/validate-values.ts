import { daysBetween } from '../../calendar.ts';
import { newestOn } from '../point-in-time.ts';
import type { RowFault, TableRow, Versions } from '../references.ts';
import type { RowOf, TableName, Tables } from '../schema.ts';

/** Finds impossible dates, bounds and grades, both within rows and between rows in force at the same time. */
export function checkValues(tables: Tables, versions: Versions): RowFault[] {
  return [
    ...tables.sources.flatMap((row) => about('sources', row, ahead(row, { published: row.published }))),
    ...tables.coverage.flatMap((row) => about('coverage', row, coverageFaults(row))),
    ...tables.events.flatMap((row) => about('events', row, eventFaults(row))),
    ...tables.measures.flatMap((row) => about('measures', row, measureFaults(row, tables, versions))),
    ...tables.readings.flatMap((row) => about('readings', row, readingFaults(row, tables, versions))),
    ...tables.judgments.flatMap((row) => about('judgments', row, judgmentFaults(row))),
  ];
}

/** A field, the problem and a hint. */
type Finding = readonly [field: string, problem: string, hint: string];

function about<T extends TableName>(table: T, row: RowOf<T>, findings: readonly Finding[]): RowFault[] {
  return findings.map(([field, problem, hint]) => ({ table, row, field, problem, hint }));
}

/** Finds days later than the day on which the row became known. */
function ahead(
  row: { readonly known_on: string },
  fields: { readonly [field: string]: string | null },
): Finding[] {
  return Object.entries(fields).flatMap(([field, day]) =>
    day !== null && day > row.known_on
      ? [[field, `${day} is after the row became known (${row.known_on}).`, 'Correct the day, or known_on.']]
      : [],
  );
}

function coverageFaults(row: RowOf<'coverage'>): Finding[] {
  return row.end < row.start
    ? [['end', `${row.end} is before start (${row.start}).`, 'Correct one of the two.']]
    : [];
}

function eventFaults(row: RowOf<'events'>): Finding[] {
  const { precision, date_start: start, date_end: end } = row;
  // A month or season is entered whole, and may be reported before it ends.
  const rounded = precision === 'month' || precision === 'season';
  const faults = ahead(row, { date_start: start, ...(rounded ? {} : { date_end: end }) });
  if (precision === 'undated') {
    if (start !== null)
      faults.push(['date_start', 'an undated event has a date.', 'Remove it, or change precision.']);
    if (end !== null)
      faults.push(['date_end', 'an undated event has a date.', 'Remove it, or change precision.']);
    return faults;
  }
  if (start === null) {
    faults.push([
      'date_start',
      `is empty, with precision "${precision}".`,
      'Fill it in, or make the event undated.',
    ]);
  } else if (end === null) {
    if (precision === 'season' || precision === 'range')
      faults.push(['date_end', `is empty, with precision "${precision}".`, 'Fill in the last day.']);
  } else if (end < start) {
    faults.push(['date_end', `${end} is before date_start (${start}).`, 'Correct one of the two.']);
  } else if (precision === 'day' && end !== start) {
    faults.push([
      'date_end',
      `${end} is another day than date_start.`,
      'Remove it, or change precision to range.',
    ]);
  } else if (precision === 'month' && end.slice(0, 7) !== start.slice(0, 7)) {
    faults.push([
      'date_end',
      `${end} is in another month than date_start.`,
      'Correct it, or change precision.',
    ]);
  }
  return faults;
}

function measureFaults(row: RowOf<'measures'>, tables: Tables, versions: Versions): Finding[] {
  const { window_start: start, window_end: end, value, unit } = row;
  const faults = ahead(row, { window_start: start, window_end: end });
  if (start !== null && end !== null && end < start)
    faults.push(['window_end', `${end} is before window_start (${start}).`, 'Correct one of the two.']);
  if (value < 0) faults.push(['value', `${value} is negative.`, 'Correct it.']);
  if (/^(%|per ?cent)/i.test(unit) && value > 100)
    faults.push(['value', `${value} ${unit} is more than 100 per cent.`, 'Correct it.']);
  for (const outer of measuresBeside(row, row.within, { tables, versions }))
    if (outer.unit === unit && outer.bound === '=' && row.bound === '=' && value > outer.value)
      faults.push([
        'value',
        `${value} is more than the ${outer.value} of "${outer.id}" that it is part of.`,
        'Correct one of the two, or within.',
      ]);
  return faults;
}

function readingFaults(row: RowOf<'readings'>, tables: Tables, versions: Versions): Finding[] {
  const { baseline_end: last, quiet_start: first, observed_to: to } = row;
  const faults = ahead(row, { baseline_end: last, quiet_start: first, observed_to: to });
  if (daysBetween(last, first) !== 2)
    faults.push([
      'quiet_start',
      `${first} is not the day after baseline_end (${last}).`,
      'Correct one of the two.',
    ]);
  if (to < first)
    faults.push(['observed_to', `${to} is before quiet_start (${first}).`, 'Correct one of the two.']);
  for (const measure of measuresBeside(row, row.measure, { tables, versions })) {
    if (measure.bound === '~')
      faults.push([
        'measure',
        `"${measure.id}" has an approximate value.`,
        'Name a measure with the bound = or >=.',
      ]);
    if (measure.window_start === null)
      faults.push([
        'measure',
        `"${measure.id}" has no window_start.`,
        'Fill it in, or name another measure.',
      ]);
    else if (last < measure.window_start)
      faults.push([
        'baseline_end',
        `${last} is before "${measure.id}" starts counting (${measure.window_start}).`,
        'Correct one of the two.',
      ]);
  }
  return faults;
}

function judgmentFaults(row: RowOf<'judgments'>): Finding[] {
  const faults: Finding[] = [];
  if (row.confidence !== null && row.confidence_basis === null)
    faults.push([
      'confidence_basis',
      'is empty, although a confidence is given.',
      'Say what the confidence is based on.',
    ]);
  if (row.role === 'key' && row.confidence === null)
    faults.push(['confidence', 'is empty, but a key judgment needs one.', 'Use high, moderate or low.']);
  return faults;
}

/** The versions of the measure `id` that are in force on at least one day on which `row` is. */
function measuresBeside(
  row: TableRow['row'],
  id: string | null,
  { tables, versions }: { tables: Tables; versions: Versions },
): RowOf<'measures'>[] {
  const isInForce = (each: TableRow['row'], day: string): boolean =>
    each.status === 'current' && newestOn(versions.get(each.id), day)?.row === each;
  return tables.measures.filter((other) => {
    const day = row.known_on > other.known_on ? row.known_on : other.known_on;
    return other.id === id && isInForce(row, day) && isInForce(other, day);
  });
}
