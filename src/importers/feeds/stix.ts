import type { Day } from '../../calendar.ts';
import type { Cells, Converted, Document, Json, Note } from '../format.ts';
import {
  actorCells,
  Conversion,
  countryCell,
  dayOf,
  documentImporter,
  filled,
  idFor,
  inQuotes,
  isJson,
  listCell,
  momentOf,
  numberCell,
  pointOf,
  printable,
  restOf,
  shortened,
  textOf,
  textsIn,
  titled,
  withArticle,
} from './document.ts';
import { nameOf, StixGraph, type StixObject, type StixRow } from './stix-objects.ts';

/** Bundles of STIX 2.0 and 2.1 (OASIS). */
export const stix = documentImporter('stix', { what: 'STIX objects', convert: convertStix });

const actorTypes = ['threat-actor', 'intrusion-set', 'campaign'];
const toolTypes = ['malware', 'tool', 'infrastructure', 'attack-pattern', 'vulnerability'];

function convertStix(documents: readonly Document[], knownOn: Day): Converted {
  const conversion = new Conversion(documents);
  const graph = new StixGraph(documents, conversion);
  const idOf = ({ type, id }: StixObject): string => idFor('STIX', type, id.slice(type.length + 2));
  const notes: Note[] = [];

  const note = (
    table: Note['table'],
    row: StixRow,
    cells: Cells,
    { extra = null, isWithdrawn = false }: { extra?: Json | null; isWithdrawn?: boolean },
  ): void => {
    const { own } = row.object;
    notes.push({
      table,
      id: `${idOf(row.object)}${table === 'judgments' ? '-judgment' : ''}`,
      cells: isWithdrawn ? {} : filled({ ...cells, marking: row.marking }),
      extra,
      modified: momentOf(own['modified'] ?? own['created']),
      isWithdrawn,
    });
  };
  const isRevoked = (object: StixObject, ...tables: Note['table'][]): boolean => {
    if (object.own['revoked'] !== true) return false;
    for (const table of tables) note(table, graph.row(object), {}, { isWithdrawn: true });
    return true;
  };

  for (const object of graph.ofType('threat-actor', 'intrusion-set')) {
    if (isRevoked(object, 'actors')) continue;
    const row = graph.row(object);
    const name = shortened(object.own['name']);
    if (name === '') conversion.skip(`is ${withArticle(object.type)} without a name`, object.file);
    else
      note('actors', row, actorCells(name, object.own['aliases']), {
        extra: extraOf(row, ['name', 'aliases']),
      });
  }
  for (const object of graph.ofType('location')) {
    if (isRevoked(object, 'places')) continue;
    const point = pointOf(object.own['latitude'], object.own['longitude']);
    if (point === undefined) continue;
    const row = graph.row(object);
    const taken = ['name', 'administrative_area', 'latitude', 'longitude', 'precision'];
    note('places', row, placeCells(object, point), { extra: extraOf(row, taken) });
  }
  for (const object of graph.ofType('report', 'note', 'opinion')) {
    if (isRevoked(object, 'sources', 'judgments')) continue;
    const row = graph.row(object);
    const author = row.author();
    const text = shortened(judgmentIn(row, author)).replaceAll('{', '(').replaceAll('}', ')');
    const extra = extraOf(row, ['name', 'published', 'abstract']);
    note('sources', row, sourceCells(row, { author, knownOn }), { extra });
    // An earlier version may have stated a judgment.
    note('judgments', row, { text, author: idOf(object) }, { isWithdrawn: text === '' });
  }
  for (const object of graph.ofType('incident', 'sighting')) {
    const id = idOf(object);
    if (object.own['revoked'] === true) {
      graph.use(object);
      conversion.withdrawn.push(id);
      continue;
    }
    const row = graph.row(object);
    const own = object.type === 'incident' ? incidentCells(row) : sightingCells(row, graph);
    conversion.add(filled({ id, ...own, marking: row.marking }), {
      what: withArticle(object.type),
      file: object.file,
    });
  }
  graph.countUnused(conversion);
  return conversion.done(notes);
}

const extraOf = (row: StixRow, taken: readonly string[]): Json =>
  restOf(row.object.own, taken, { relationships: row.relationships() });

function placeCells({ own }: StixObject, point: { lat: string; lon: string }): Cells {
  const named = [own['name'], own['city'], own['administrative_area'], own['region'], own['country']];
  const radius = Number(numberCell(own['precision'], 20_000_000)) / 1000;
  return {
    name: shortened(named.find((each) => textOf(each) !== '')) || `${point.lat}, ${point.lon}`,
    province: shortened(own['administrative_area']),
    country: countryCell(own['country']),
    ...point,
    radius_km: radius > 0 ? String(radius) : '',
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
  };
}

/** The judgment that its author states in an opinion or in the abstract of a note; empty if there is none. */
function judgmentIn(row: StixRow, author: string): string {
  const { type, own } = row.object;
  if (type === 'note') return inQuotes(own['abstract']);
  const opinion = textOf(own['opinion']);
  if (type !== 'opinion' || !/^(neutral|(strongly-)?(dis)?agree)$/.test(opinion)) return '';
  const verb = opinion === 'neutral' ? 'neither agrees nor disagrees' : `${opinion.replace('-', ' ')}s`;
  const what = namesOf(row).map(inQuotes).join(', ') || 'an object that was not shared';
  const explanation = inQuotes(own['explanation']);
  return `${author === '' ? 'An author who is not named' : author} ${verb} with ${what}${explanation === '' ? '.' : `: ${explanation}`}`;
}

/** Where something was: the place if there is one, or only the country if all are in one. */
function whereabouts(locations: readonly StixObject[]): Cells {
  const [first, ...others] = [...new Set(locations)];
  if (first === undefined) return {};
  const { own } = first;
  const country = countryCell(own['country']);
  if (others.length > 0)
    return others.every((other) => countryCell(other.own['country']) === country)
      ? { country, place_precision: 'country' }
      : {};
  const point = pointOf(own['latitude'], own['longitude']);
  const city = printable(own['city']);
  const admin1 = printable(own['administrative_area']);
  const region = printable(own['region']);
  const metres = textOf(own['precision']);
  const ofPoint = Number(metres) <= 1000 ? 'exact' : Number(metres) <= 25_000 ? 'near' : 'region';
  const ofNames = (city && 'near') || (admin1 && 'admin1') || (country && 'country') || (region && 'region');
  return {
    country: country || printable(own['country']),
    admin1,
    place: city || (point || country === '' ? printable(own['name']) || region : ''),
    ...point,
    place_precision: point === undefined ? ofNames : metres && ofPoint,
  };
}

/**
 * The cells that incidents and sightings have in common. The day on which an object was made is the last on which what it
 * describes can have begun. Fields in `taken` have a column.
 */
function commonCells(
  row: StixRow,
  given: { first: Day; last: Day; places: readonly StixObject[]; taken: readonly string[] },
): Cells {
  const { type, own } = row.object;
  const summary = printable(own['description']);
  const taken = summary === textOf(own['description']) ? [...given.taken, 'description'] : given.taken;
  const isUndated = given.first + given.last === '';
  const start = given.first || given.last || dayOf(own['created']);
  const end = given.last < start ? start : given.last;
  return {
    start,
    end,
    precision: start === end && !isUndated ? 'day' : 'range',
    published_on: dayOf(own['modified'] ?? own['created']),
    kind: type,
    confidence: textOf(own['confidence']),
    summary,
    source: row.author(),
    ...whereabouts(given.places),
    extra: JSON.stringify(
      restOf(own, [...taken, 'confidence'], {
        ...(isUndated && { dated_by: 'created' }),
        locations: given.places.map(nameOf),
      }),
    ),
  };
}

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
  return {
    ...commonCells(row, { first, last, places, taken: ['name'] }),
    sub_kind: printable(textsIn([types].flat())[0] ?? textsIn(own['labels'])[0]),
    side_a: listCell([...attributed, ...behind].map(nameOf)),
    side_b: listCell(targets.map(nameOf)),
    others: listCell(tools.map(nameOf)),
    title: printable(own['name']),
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
  const bounds = (field: string): string[] =>
    observed.flatMap((each) => dayOf(each.own[field]) || []).toSorted();
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
  const count = /^\d{1,9}$/.exec(textOf(own['count']))?.[0] ?? '';
  return {
    ...commonCells(row, {
      first: dayOf(own['first_seen']) || (bounds('first_observed')[0] ?? ''),
      last: dayOf(own['last_seen']) || (bounds('last_observed').at(-1) ?? ''),
      places,
      taken: count === '' ? [] : ['count'],
    }),
    sub_kind: seen === undefined ? '' : `sighting of ${withArticle(seen.type.replaceAll('-', ' '))}`,
    // Nothing was seen as often as none.
    counts: count === '0' ? 'false' : '',
    number: count,
    side_a: listCell(ofTypes(actorTypes)),
    others: listCell([...ofTypes(toolTypes), ...observers.map(nameOf)]),
    title: seen === undefined ? '' : nameOf(seen),
  };
}
