import { type Importer, needColumns } from './format.ts';
import { dayFrom, RowSql, wholeNumber } from './row-sql.ts';

/** The columns of the UCDP Georeferenced Event Dataset since version 17.1, in order. */
const columns =
  `id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id conflict_name dyad_dset_id
  dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a side_b_dset_id side_b_new_id side_b number_of_sources
  source_article source_office source_date source_headline source_original where_prec where_coordinates
  where_description adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id region event_clarity
  date_prec date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob`.split(
    /\s+/,
  );

/**
 * Events of the UCDP Georeferenced Event Dataset: fatal events only. Codebook:
 * https://ucdp.uu.se/downloads/ged/ged251.pdf
 */
export const ucdp: Importer = {
  origin: {
    format: 'ucdp',
    prefix: 'UCDP',
    source: 'UCDP GED',
    mapping: null,
    // Candidate events are published every month, for the month before.
    lag_days: 60,
    licence: {
      name: 'CC-BY-4.0',
      url: 'https://creativecommons.org/licenses/by/4.0/',
      attribution: 'Uppsala Conflict Data Program (UCDP), Georeferenced Event Dataset, ucdp.uu.se',
      allows_rows: true,
    },
  },

  namesWithoutHeader(firstRow) {
    const at = (name: string): string => firstRow[columns.indexOf(name)] ?? '';
    const isRow =
      firstRow.length === columns.length &&
      /^\d+$/.test(at('id')) &&
      /^[1-5]$/.test(at('date_prec')) &&
      /^\d{4}-\d\d-\d\d/.test(at('date_start'));
    return isRow ? columns : undefined;
  },

  sqlFor(given, file) {
    needColumns(['id', 'type_of_violence', 'date_start', 'date_end', 'country'], {
      columns: given,
      file,
      what: 'a UCDP GED file',
      hint: 'Download the GED events as CSV. A file without a header row must have the 49 columns of the release. For a table of your own, use "sitrep import table".',
    });
    const row = new RowSql(given);
    const text = (name: string): string => row.text(name);
    const id = text('id');
    row.skip('has no id', `${id} IS NULL`);
    row.set('id', `'UCDP-' || ${id}`);

    const days = (name: string): string => row.once(dayFrom(`left(${text(name)}, 10)`, ['%Y-%m-%d']));
    const [start, end] = [days('date_start'), days('date_end')];
    row.skip('has a date_start or date_end that is no day', `${start} IS NULL OR ${end} IS NULL`);
    row.skip('has a date_end before its date_start', `${end} < ${start}`);
    row.set('start', start);
    row.set('end', end);
    row.convert(
      'precision',
      'date_prec',
      (code) =>
        `CASE WHEN ${code} = '1' AND ${start} = ${end} THEN 'day' WHEN ${code} IN ('1', '2') THEN 'range' WHEN ${code} = '3' THEN 'week' WHEN ${code} = '4' THEN 'month' WHEN ${code} = '5' THEN 'year' END`,
    );
    const year = text('year');
    row.keep('year', `CASE WHEN ${year} <> year(${start})::VARCHAR THEN ${year} END`);

    const kinds = ['State-based conflict', 'Non-state conflict', 'One-sided violence'];
    row.codes('kind', 'type_of_violence', kinds);
    const clarity = row.peek('event_clarity');
    row.set('counts', `coalesce(${clarity}, '') <> '2'`);
    row.side('side_a', 'side_a');
    row.side('side_b', 'side_b');
    row.set('civilians_targeted', `CASE WHEN ${text('type_of_violence')} = '3' THEN true END`);

    const country = text('country');
    // Many names carry an earlier or another name in brackets.
    row.country(country, [
      country,
      `trim(regexp_replace(${country}, '[(].*$', ''))`,
      `regexp_extract(${country}, '[(](.*)[)]', 1)`,
    ]);
    row.set('admin1', text('adm_1'));
    row.set('admin2', text('adm_2'));
    row.set('place', text('where_coordinates'));
    row.coordinates('latitude', 'longitude');
    const placed = 'exact near admin2 admin1 region country international'.split(' ');
    row.codes('place_precision', 'where_prec', placed);
    // Releases differ in the names of these.
    for (const bound of ['low', 'best', 'high'])
      row.convert(`deaths_${bound}`, row.has(bound) ? bound : `${bound}_est`, wholeNumber);
    row.set('confidence', text('code_status'));
    row.set('source', text('source_office'));
    row.set('summary', text('source_headline'));
    return row;
  },
};
