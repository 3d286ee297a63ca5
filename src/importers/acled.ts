import { type Importer, needColumns, refuse } from './format.ts';
import { dayFrom, RowSql, wholeNumber } from './row-sql.ts';

/** Columns of the weekly aggregates, which count events by area and week. */
const aggregate = ['week', 'events'];
const isoDay = '%Y-%m-%d';
const days = ['%d %B %Y', '%d %b %Y', '%d-%b-%Y', '%d-%B-%Y', isoDay];

/**
 * Events as ACLED exports them, in all or some of its 31 columns.
 * Codebook: https://acleddata.com/methodology/acled-codebook
 */
export const acled: Importer = {
  origin: {
    format: 'acled',
    prefix: 'ACLED',
    source: 'ACLED',
    mapping: null,
    // New events and revisions are published every week.
    lag_days: 7,
    licence: {
      name: 'ACLED-EULA',
      url: 'https://acleddata.com/eula',
      attribution: 'ACLED (Armed Conflict Location & Event Data), acleddata.com',
      allows_rows: false,
    },
  },

  sqlFor(columns, file) {
    const row = new RowSql(columns);
    if (aggregate.every((name) => row.has(name)))
      throw refuse(
        file,
        'holds weekly aggregates, which count events by area and week: they name no event, side or day.',
        'Export the events themselves (event level data).',
      );
    needColumns(['event_id_cnty', 'event_date', 'event_type'], {
      columns,
      file,
      what: 'an ACLED export of events',
      hint: 'Export event level data as CSV, with these columns at least. For a table of your own, use "sitrep import table".',
    });
    const text = (name: string): string => row.text(name);
    const id = text('event_id_cnty');
    row.skip('has no event_id_cnty', `${id} IS NULL`);
    row.set('id', `'ACLED-' || ${id}`);

    const date = text('event_date');
    // A format that does not fit takes four times as long as one that does, so the likely one is tried first.
    const day = row.once(
      `CASE WHEN ${date} LIKE '____-%' THEN ${dayFrom(date, [isoDay])} ELSE ${dayFrom(date, days)} END`,
    );
    const precision = text('time_precision');
    row.skip('has no event_date', `${date} IS NULL`);
    row.skip('has an event_date that is no day', `${day} IS NULL`);
    row.set(
      'start',
      `CASE ${precision} WHEN '2' THEN ${day} - 3 WHEN '3' THEN date_trunc('month', ${day}) ELSE ${day} END`,
    );
    row.set(
      'end',
      `CASE ${precision} WHEN '2' THEN ${day} + 3 WHEN '3' THEN last_day(${day}) ELSE ${day} END`,
    );
    row.set('precision', `CASE ${precision} WHEN '2' THEN 'week' WHEN '3' THEN 'month' ELSE 'day' END`);
    row.keep('event_date', `CASE WHEN ${precision} IN ('2', '3') THEN ${date} END`);
    row.keep('time_precision', `CASE WHEN ${precision} NOT IN ('1', '2', '3') THEN ${precision} END`);
    const year = text('year');
    row.keep('year', `CASE WHEN ${year} <> year(${day})::VARCHAR THEN ${year} END`);
    // The time of the last edit. The day has a column; the exact time is kept too, to tell two edits of a day apart.
    const edited = wholeNumber(row.peek('timestamp'));
    row.set(
      'published_on',
      `CASE WHEN ${edited} BETWEEN 852076800 AND 4102444800 THEN make_timestamp(${edited} * 1000000)::DATE END`,
    );

    const kind = text('event_type');
    row.set('kind', kind);
    row.set('sub_kind', text('sub_event_type'));
    row.set(
      'counts',
      `coalesce(lower(${kind}), '') NOT IN ('strategic developments', 'strategic development')`,
    );
    row.side('side_a', 'actor1');
    row.side('side_b', 'actor2');
    const associates = `concat_ws(';', ${text('assoc_actor_1')}, ${text('assoc_actor_2')})`;
    row.set(
      'others',
      `CASE WHEN ${associates} = '' THEN [] ELSE list_filter(list_transform(string_split(${associates}, ';'), lambda name: trim(name)), lambda name: name <> '') END`,
    );
    if (row.has('civilian_targeting'))
      row.set('civilians_targeted', `${text('civilian_targeting')} IS NOT NULL`);

    const country = text('country');
    row.country(`coalesce(${country}, ${text('iso')})`, [`lpad(${text('iso')}, 3, '0')`, country]);
    row.set('admin1', text('admin1'));
    row.set('admin2', text('admin2'));
    row.set('place', text('location'));
    row.coordinates('latitude', 'longitude');
    row.codes('place_precision', 'geo_precision', ['exact', 'near', 'admin1']);
    row.convert('deaths_best', 'fatalities', wholeNumber);
    row.set('source', text('source'));
    row.set('summary', text('notes'));
    return row;
  },
};
