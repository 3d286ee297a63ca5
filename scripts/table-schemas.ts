import { z } from 'zod';
import type { Column } from '../src/dataset/fields.ts';
import { meaningOfEmpty, needed } from '../src/dataset/reading/fill-in.ts';
import { columnsOf, type TableName, tableNames, tables } from '../src/dataset/schema.ts';
import { mappingKeys } from '../src/importers/table/mapping.ts';

/** What each column means: of a table, or of every table that has it. */
const meanings: { readonly [column: string]: string } = {
  id: 'unique in the dataset: a capital letter, then letters, digits and hyphens',
  known_on: 'the day on which you learned of the row; `"knownOn": "date"` fills it in',
  status: '`withdrawn` ends all earlier rows of the id',
  marking: 'how widely this row may be shared, if less widely than the dataset',
  topic: 'what the row is about',
  'judgments.topic': 'what the row is about, or `all`',
  basis: 'where the row comes from, in words of your own; `external` marks general knowledge',
  note: 'a remark',
  rank: 'the order in which pages list rows of a kind',
  rests_on: 'ids of the rows that support it',
  actors: 'ids of `actors`: who acted or spoke',
  targets: 'ids of `actors`: who was acted on or spoken to',
  place: 'id of a row of `places`',
  source: 'id of a row of `sources`: who says so',
  title: 'a short name for lists and endnotes',
  summary: 'what is reported, in a sentence or more',
  caveat: 'what readers should bear in mind',
  claim_status: 'how the fact reached you',
  credibility: 'Admiralty code of the item: 1 (confirmed) to 6 (cannot be judged)',
  label: 'what is counted',
  'sources.name': 'how pages name the source',
  'sources.descriptor': 'what the source is',
  'sources.kind': 'a kind of source, in words of your own',
  'sources.via': 'id of the source that passed this one on to you',
  'sources.published': 'the day of its publication',
  'sources.reliability': 'Admiralty code of the source: A (completely reliable) to F (cannot be judged)',
  'sources.grade_note': 'the reason for the grade',
  'actors.name': 'the name that pages use',
  'actors.long_name': 'the full name',
  'actors.aliases': 'other names',
  'actors.affiliation': 'what the actor belongs to, in words of your own',
  'places.name': 'the name that pages use',
  'places.kind': 'a kind of place, in words of your own, such as `city`',
  'places.province': 'the first-level division that contains it',
  'places.country': 'its country: English name, or ISO 3166-1 alpha-2, alpha-3 or numeric code',
  'places.lat': 'latitude in degrees',
  'places.lon': 'longitude in degrees',
  'places.radius_km': 'how far the point may be from the real place, in kilometres',
  'coverage.start': 'the first day that was collected',
  'coverage.end': 'the last day that was collected',
  'events.precision': 'how precise the date is',
  'events.date_start': 'the day of the event, or the first possible one; empty if it has no date',
  'events.date_end': 'the last day, or the last possible one',
  'events.date_basis': 'how the date is known',
  'events.part_of': 'id of the measure that includes the event',
  'events.speech_act': 'what a public statement does, in words of your own',
  'measures.bound': 'whether the value is a lower bound (`>=`), exact (`=`) or an estimate (`~`)',
  'measures.value': 'the number',
  'measures.unit': 'what the value counts; `%` for a share',
  'measures.window_start': 'the first day that the value covers',
  'measures.window_end': 'the last day that the value covers',
  'measures.window_basis': 'how these days are known',
  'measures.within': 'id of the measure that contains this one',
  'measures.denominator': 'what total a share refers to',
  'readings.measure': 'id of the measure of the days before the silence',
  'readings.label': 'what to call this way of dating a silence',
  'readings.baseline_end': 'the last day before the silence',
  'readings.quiet_start': 'the first day of the silence',
  'readings.observed_to': 'the last day on which the silence was observed',
  'readings.observed_note': 'why observation ends on that day',
  'readings.role': 'how pages use it',
  'judgments.role': 'how pages use it',
  'judgments.author': 'id of the source whose judgment it is; empty for your own',
  'judgments.text': 'the judgment',
  'judgments.confidence': 'how confident you are; `confidence_basis` says why',
  'judgments.confidence_basis': 'what the confidence rests on',
  'judgments.until':
    'the last day of the period that it speaks of; pages with a later cut-off say that the period has ended',
  'judgments.likelihood': 'the term that the text uses',
  'gaps.text': 'what is not known',
  'indicators.text': 'what to watch',
  'indicators.direction': 'whether a rise or a fall is the signal',
  'indicators.threshold': 'the number at which it becomes a signal',
  'indicators.threshold_unit': 'what the threshold counts',
  'indicators.meaning': 'what the signal would mean',
};

const types: { readonly [type in Column['type']]: string } = {
  VARCHAR: 'string',
  'VARCHAR[]': 'list',
  DATE: 'date',
  TIMESTAMP: 'datetime',
  DOUBLE: 'number',
  BIGINT: 'integer',
  BOOLEAN: 'boolean',
};

/** The values that a field takes, where it takes no others. */
const jsonValues = z.looseObject({
  enum: z.array(z.string()).optional(),
  anyOf: z.array(z.looseObject({ enum: z.array(z.string()).optional() })).default([]),
});

function fieldsOf(table: TableName) {
  const schemas: { readonly [name: string]: z.ZodType } = tables[table].shape;
  return columnsOf(table).map(({ name, type }) => {
    const schema = schemas[name] ?? z.never();
    const { enum: values, anyOf } = jsonValues.parse(
      z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    );
    const meaning = meanings[`${table}.${name}`] ?? meanings[name];
    if (meaning === undefined)
      throw new Error(`Say what ${table}.${name} means, in scripts/table-schemas.ts.`);
    const filled = meaningOfEmpty(table, name);
    return {
      name,
      type: types[type],
      meaning,
      values: values ?? anyOf.flatMap((each) => each.enum ?? []),
      filled,
      mayBeEmpty: filled !== undefined || schema.safeParse('').success,
      isNeeded: needed(table).includes(name),
    };
  });
}

/** A Table Schema of Data Package v2 for each table, with the columns that it may have. */
export function tableSchemas(): string {
  const schemas = tableNames.map((table) => [
    table,
    {
      $schema: 'https://datapackage.org/profiles/2.0/tableschema.json',
      fields: fieldsOf(table).map(({ name, type, meaning, values, filled, mayBeEmpty }) => ({
        name,
        type,
        description: `${meaning}${filled === undefined ? '' : `; empty: ${filled}`}`.replaceAll('`', ''),
        constraints: { required: !mayBeEmpty, ...(values.length > 0 && { enum: values }) },
      })),
      primaryKey: ['id', 'known_on'],
    },
  ]);
  return `${JSON.stringify(Object.fromEntries(schemas), null, 2)}\n`;
}

/** The same as tables for readers, between two comments of docs/datasets.md. */
function tablesInWords(): string {
  const sections = tableNames.map((table) => {
    const rows = fieldsOf(table).map(({ name, type, meaning, values, filled, mayBeEmpty, isNeeded }) => {
      const empty = filled === undefined ? (mayBeEmpty ? 'yes' : 'no') : `yes: ${filled}`;
      const words = values.length > 0 ? `: ${values.map((value) => `\`${value}\``).join(', ')}` : '';
      return `| ${isNeeded ? `**\`${name}\`**` : `\`${name}\``} | ${type} | ${empty} | ${meaning}${words} |`;
    });
    return [
      `#### \`${table}\``,
      '',
      '| column | type | may be empty | meaning |',
      '| --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return sections.join('\n\n');
}

const markers = [
  '<!-- The tables from here on are written by "npm run schema". -->',
  '<!-- The end of what is written by "npm run schema". -->',
] as const;

/** Every key of a mapping file, as a table for readers of docs/data.md. */
function keysInWords(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = mappingKeys().map(({ key, type, usual, example, meaning }) => {
    const isYaml = usual !== 'required' && usual !== 'none';
    return `| ${[`\`${key}\``, type, isYaml ? `\`${usual}\`` : usual, `\`${example}\``, meaning].map(cell).join(' | ')} |`;
  });
  return ['| key | type | default | example | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

/** The text of docs/datasets.md or docs/data.md with what it says of the program as that is now. */
export function withTables(text: string, inWords = tablesInWords): string {
  const [start, end] = markers.map((marker) => text.indexOf(marker));
  if (start === undefined || end === undefined || start === -1 || end < start)
    throw new Error('The page has lost a comment between which its tables stand.');
  return `${text.slice(0, start + markers[0].length)}\n\n${inWords()}\n\n${text.slice(end)}`;
}
export const withKeys = (text: string): string => withTables(text, keysInWords);
