import type { Day } from '../../calendar.ts';
import type { Importer } from '../format.ts';
import { incidentsImporter } from '../table/importer.ts';
import type { Cells, Converted, Document, Json, Note } from './converted.ts';
import {
  dayOf,
  filled,
  idFor,
  inQuotes,
  isJson,
  isTooLong,
  momentOf,
  numberCell,
  printable,
  restOf,
  shortened,
  Skipped,
  textOf,
  textsIn,
  titled,
  withArticle,
} from './document.ts';
import { nameOf, StixGraph, type StixObject, type StixRow } from './stix-objects.ts';

/** Bundles of STIX 2.0 and 2.1 (OASIS). */
export const stix: Importer = {
  ...incidentsImporter(),
  origin: {
    format: 'stix',
    prefix: 'STIX',
    source: 'STIX',
    mapping: null,
    // Objects are shared when their authors choose.
    lag_days: null,
    licence: {
      name: 'not stated',
      url: null,
      attribution: 'STIX objects, as their authors shared them',
      allows_rows: false,
    },
  },
  convert: convertStix,
};

const actorTypes = ['threat-actor', 'intrusion-set', 'campaign'];
const toolTypes = ['malware', 'tool', 'infrastructure', 'attack-pattern', 'vulnerability'];

function convertStix(documents: readonly Document[], knownOn: Day): Converted {
  const skipped = new Skipped();
  const graph = new StixGraph(documents, skipped);
  const idOf = ({ type, id }: StixObject): string => idFor('STIX', type, id.slice(type.length + 2));
  const notes: Note[] = [];
  const incidents = new Map(documents.map(({ name }): [string, Cells[]] => [name, []]));
  const withdrawn: string[] = [];

  const note = (
    table: Note['table'],
    { own }: StixObject,
    id: string,
    cells: Cells,
    extra: Json | null,
    isWithdrawn = own['revoked'] === true,
  ): void => {
    const modified = momentOf(own['modified'] ?? own['created']);
    notes.push({ table, id, cells: filled(cells), extra, modified, isWithdrawn });
  };
  const isRevoked = (object: StixObject, ...tables: Note['table'][]): boolean => {
    if (object.own['revoked'] !== true) return false;
    graph.use(object);
    for (const table of tables) note(table, object, judgmentOr(table, idOf(object)), {}, null);
    return true;
  };

  for (const object of graph.ofType('threat-actor', 'intrusion-set')) {
    if (isRevoked(object, 'actors')) continue;
    const row = graph.row(object);
    const name = shortened(object.own['name']);
    if (name === '') skipped.add(`is ${withArticle(object.type)} without a name`, object.file);
    else note('actors', object, idOf(object), actorCells(row, name), extraOf(row, ['name', 'aliases']));
  }
  for (const object of graph.ofType('location')) {
    if (isRevoked(object, 'places')) continue;
    const { own } = object;
    const [lat, lon] = [numberCell(own['latitude'], 90), numberCell(own['longitude'], 180)];
    if (lat === '' || lon === '') continue;
    const row = graph.row(object);
    const taken = ['name', 'administrative_area', 'latitude', 'longitude', 'precision'];
    note('places', object, idOf(object), placeCells(row, { lat, lon }), extraOf(row, taken));
  }
  for (const object of graph.ofType('report', 'note', 'opinion')) {
    if (isRevoked(object, 'sources', 'judgments')) continue;
    const row = graph.row(object);
    const author = row.author();
    const judgment = shortened(judgmentIn(row, author)).replaceAll('{', '(').replaceAll('}', ')');
    const extra = extraOf(row, ['name', 'published', 'abstract']);
    note('sources', object, idOf(object), sourceCells(row, { author, knownOn }), extra);
    const cells = { text: judgment, author: idOf(object), marking: row.marking };
    // An earlier version may have stated one.
    note('judgments', object, judgmentOr('judgments', idOf(object)), cells, null, judgment === '');
  }
  for (const object of graph.ofType('incident', 'sighting')) {
    const id = idOf(object);
    if (object.own['revoked'] === true) {
      graph.use(object);
      withdrawn.push(id);
      continue;
    }
    const row = graph.row(object);
    const own = object.type === 'incident' ? incidentCells(row) : sightingCells(row, graph);
    const cells = filled({ id, ...own, marking: row.marking });
    if (cells['start'] === undefined)
      skipped.add(`is ${withArticle(object.type)} without a day`, object.file);
    else if (isTooLong(cells)) skipped.add('is longer than 1 MB', object.file);
    else incidents.get(object.file)?.push(cells);
  }
  graph.countUnused(skipped);
  return {
    files: documents.map(({ description }) => description),
    incidents: [...incidents.values()],
    withdrawn,
    notes,
    read: notes.length + skipped.total,
    skipped: skipped.groups,
  };
}

/** The id of the judgment in a source, or that of the source. */
const judgmentOr = (table: Note['table'], id: string): string =>
  table === 'judgments' ? `${id}-judgment` : id;

const extraOf = (row: StixRow, taken: readonly string[]): Json =>
  restOf(row.object.own, taken, { relationships: row.relationships() });

function actorCells(row: StixRow, name: string): Cells {
  const { own } = row.object;
  const aliases = textsIn(own['aliases']).map((alias) => printable(alias).replaceAll(';', ','));
  return {
    name,
    aliases: shortened([...new Set(aliases)].filter((alias) => alias !== name).join(';')),
    marking: row.marking,
  };
}

const countryIn = ({ own }: StixObject): string =>
  /^[a-z]{2}$/i.exec(textOf(own['country']))?.[0].toUpperCase() ?? '';

function placeCells(row: StixRow, point: Cells): Cells {
  const { object } = row;
  const { own } = object;
  const named = [own['name'], own['city'], own['administrative_area'], own['region'], own['country']];
  const radius = Number(numberCell(own['precision'], 20_000_000)) / 1000;
  return {
    name: shortened(named.find((each) => textOf(each) !== '')) || `${point['lat']}, ${point['lon']}`,
    province: shortened(own['administrative_area']),
    country: countryIn(object),
    ...point,
    radius_km: radius > 0 ? String(radius) : '',
    marking: row.marking,
  };
}

/** What is named: the objects of a note, an opinion or a report. */
const namesOf = (row: StixRow): string[] =>
  [...new Set(textsIn(row.object.own['object_refs']).flatMap((id) => row.find(id) ?? []))].map(nameOf);

function sourceCells(row: StixRow, { author, knownOn }: { author: string; knownOn: Day }): Cells {
  const { type, own } = row.object;
  const day = dayOf(own['published'] ?? own['created']);
  const kind = { report: 'Report', note: 'Note', opinion: 'Opinion' }[type] ?? '';
  // Only the subject of a comment says what it is about; a report may name thousands of objects.
  const about = type === 'report' ? [] : namesOf(row);
  const by = `${kind}${author === '' ? '' : ` by ${author}`}`;
  const on = about.length === 0 ? '' : ` on ${about.slice(0, 3).map(inQuotes).join(', ')}`;
  const more = about.length > 3 ? ` and ${about.length - 3} more` : '';
  return {
    name: titled(own['name']) || titled(`${by}${on}${more}`),
    descriptor: titled(own['name']) === '' ? 'Shared in STIX' : `${shortened(by, 500)}, shared in STIX`,
    published: day <= knownOn ? day : '',
    marking: row.marking,
  };
}

const opinions: ReadonlyMap<string, string> = new Map([
  ['strongly-disagree', 'strongly disagrees'],
  ['disagree', 'disagrees'],
  ['neutral', 'neither agrees nor disagrees'],
  ['agree', 'agrees'],
  ['strongly-agree', 'strongly agrees'],
]);

/** The judgment that its author states in an opinion or in the abstract of a note; empty if there is none. */
function judgmentIn(row: StixRow, author: string): string {
  const { type, own } = row.object;
  if (type === 'note') return inQuotes(own['abstract']);
  const verb = opinions.get(textOf(own['opinion']));
  if (type !== 'opinion' || verb === undefined) return '';
  const what = namesOf(row).map(inQuotes).join(', ') || 'an object that was not shared';
  const explanation = inQuotes(own['explanation']);
  return `${author === '' ? 'An author who is not named' : author} ${verb} with ${what}${explanation === '' ? '.' : `: ${explanation}`}`;
}

const countryPrecision = { place_precision: 'country' };

/** Where something was: the place if there is one, or only the country if all are in one. */
function whereabouts(locations: readonly StixObject[]): Cells {
  const [first, ...others] = [...new Set(locations)];
  if (first === undefined) return {};
  const { own } = first;
  const country = countryIn(first);
  if (others.length > 0)
    return others.every((other) => countryIn(other) === country)
      ? filled({ country, ...countryPrecision })
      : {};
  const [lat, lon] = [numberCell(own['latitude'], 90), numberCell(own['longitude'], 180)];
  const hasPoint = lat !== '' && lon !== '';
  const city = printable(own['city']);
  const admin1 = printable(own['administrative_area']);
  const region = printable(own['region']);
  const metres = textOf(own['precision']) === '' ? undefined : Number(textOf(own['precision']));
  const precision = hasPoint
    ? metres === undefined
      ? ''
      : metres <= 1000
        ? 'exact'
        : metres <= 25_000
          ? 'near'
          : 'region'
    : [
        [city, 'near'],
        [admin1, 'admin1'],
        [country, 'country'],
        [region, 'region'],
      ].find(([given]) => given !== '')?.[1];
  return filled({
    country: country || printable(own['country']),
    admin1,
    place: city || (hasPoint || country === '' ? printable(own['name']) || region : ''),
    ...(hasPoint && { lat, lon }),
    place_precision: precision ?? '',
  });
}

/** The cells that incidents and sightings have in common. */
function commonCells(row: StixRow, taken: readonly string[], added: Json): Cells {
  const { own } = row.object;
  const summary = printable(own['description']);
  const kept = summary === textOf(own['description']) ? [...taken, 'description'] : taken;
  return {
    published_on: dayOf(own['modified'] ?? own['created']),
    confidence: textOf(own['confidence']),
    summary,
    source: row.author(),
    extra: JSON.stringify(restOf(own, [...kept, 'confidence'], added)),
  };
}

/** The first and last day. The day on which an object was made is the last on which what it describes can have begun. */
function days(first: string, last: string, made: unknown): Cells {
  const start = first || last || dayOf(made);
  const end = last < start ? start : last;
  return { start, end, precision: start === end && first + last !== '' ? 'day' : 'range' };
}

const list = (names: readonly string[]): string =>
  names.length === 0 ? '' : JSON.stringify([...new Set(names)]);

/** The first value of a property, of the object itself or of one of its extensions. */
function valueOf({ own }: StixObject, name: RegExp): unknown {
  const extensions = isJson(own['extensions']) ? Object.values(own['extensions']).filter(isJson) : [];
  return [own, ...extensions].flatMap((each) => Object.entries(each)).find(([key]) => name.test(key))?.[1];
}

function incidentCells(row: StixRow): Cells {
  const { object } = row;
  const { own } = object;
  const first = dayOf(valueOf(object, /(^|_)(first_seen|start_time)$/));
  const last = dayOf(valueOf(object, /(^|_)(last_seen|end_time|stop_time)$/));
  const types = valueOf(object, /(^|_)incident_types?$/);
  const attributed = row.related(object, ['attributed-to'], actorTypes);
  const behind = attributed
    .filter(({ type }) => type === 'campaign')
    .flatMap((campaign) => row.related(campaign, ['attributed-to'], actorTypes));
  const targets = row.related(object, ['targets', 'victim-of', 'impacts'], ['identity']);
  const tools = row.related(object, ['uses', 'related-to', 'targets'], [...toolTypes, ...actorTypes]);
  const places = row.related(object, ['located-at', 'targets', 'occurred-at'], ['location']);
  const isUndated = first + last === '';
  return {
    ...commonCells(row, ['name'], {
      ...(isUndated && { dated_by: 'created' }),
      locations: places.map(nameOf),
    }),
    ...days(first, last, own['created']),
    kind: 'incident',
    sub_kind: printable(textsIn([types].flat())[0] ?? textsIn(own['labels'])[0]),
    side_a: list([...attributed, ...behind].map(nameOf)),
    side_b: list(targets.map(nameOf)),
    others: list(tools.map(nameOf)),
    title: printable(own['name']),
    ...whereabouts(places),
  };
}

function sightingCells(row: StixRow, graph: StixGraph): Cells {
  const { object } = row;
  const { own } = object;
  const seen = row.find(own['sighting_of_ref']);
  const observed = textsIn(own['observed_data_refs']).flatMap(
    (id) => graph.objects.get(id.toLowerCase()) ?? [],
  );
  for (const { id } of observed) row.find(id);
  const bound = (field: string): string[] =>
    observed.map((each) => dayOf(each.own[field])).filter((day) => day !== '');
  const first = dayOf(own['first_seen']) || (bound('first_observed').toSorted()[0] ?? '');
  const last = dayOf(own['last_seen']) || (bound('last_observed').toSorted().at(-1) ?? '');
  const where = textsIn(own['where_sighted_refs']).flatMap((id) => row.find(id) ?? []);
  const observers = where.filter(({ type }) => type === 'identity');
  const places = [
    ...where.filter(({ type }) => type === 'location'),
    ...observers.flatMap((observer) => row.related(observer, ['located-at'], ['location'])),
  ];
  const indicated =
    seen?.type === 'indicator' ? row.related(seen, ['indicates'], [...actorTypes, ...toolTypes]) : [];
  // Names of what was seen, and of what the author of an indicator says that it indicates.
  const named = [...(seen === undefined ? [] : [seen]), ...indicated];
  const ofTypes = (types: readonly string[]): string[] =>
    named.filter(({ type }) => types.includes(type)).map(nameOf);
  const count = textOf(own['count']);
  return {
    ...commonCells(row, /^\d{1,9}$/.test(count) ? ['count'] : [], {
      ...(first + last === '' && { dated_by: 'created' }),
      locations: places.map(nameOf),
    }),
    ...days(first, last, own['created']),
    kind: 'sighting',
    sub_kind: seen === undefined ? '' : `sighting of ${withArticle(seen.type.replaceAll('-', ' '))}`,
    // Nothing was seen as often as none.
    counts: count === '0' ? 'false' : '',
    number: /^\d{1,9}$/.test(count) ? count : '',
    side_a: list(ofTypes(actorTypes)),
    others: list([...ofTypes(toolTypes), ...observers.map(nameOf)]),
    title: seen === undefined ? '' : nameOf(seen),
    ...whereabouts(places),
  };
}
