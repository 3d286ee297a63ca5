import type { Day } from '../../calendar.ts';
import type { Marking } from '../../dataset/fields.ts';
import { type Cells, type Converted, type Document, type Json, type Note, refuse } from '../format.ts';
import {
  actorCells,
  Conversion,
  countryCell,
  dayOf,
  documentImporter,
  filled,
  idFor,
  isJson,
  jsonIn,
  listCell,
  markingNamed,
  pointOf,
  printable,
  restOf,
  shortened,
  strictest,
  textOf,
  titled,
} from './document.ts';

/** Events of MISP as JSON, as its exports, feeds and API give them. */
export const misp = documentImporter('misp', { what: 'MISP events', convert: convertMisp });

const isUuid = (value: unknown): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(textOf(value));
const isTrue = (value: unknown): boolean => ['true', '1'].includes(textOf(value));

/** Galaxies whose clusters are actors. */
const actorGalaxies = /^(threat-actor|microsoft-activity-group|.*intrusion-set)$/;

/** A Unix timestamp as one in UTC; empty if there is none, which MISP also writes as 0. */
function momentAt(seconds: unknown): string {
  const text = textOf(seconds);
  return /^\d{1,11}$/.test(text) && Number(text) > 0 ? new Date(Number(text) * 1000).toISOString() : '';
}

/** The events of a file, each bare or wrapped in `Event`, alone, in a list or in `response`. Throws `import-failed`. */
function eventsIn({ name, value }: Document): Json[] {
  const unwrapped = isJson(value) && 'response' in value ? value['response'] : value;
  const events = [unwrapped]
    .flat()
    .map((each) => (isJson(each) && isJson(each['Event']) ? each['Event'] : each));
  if (events.length > 0 && events.every((each) => isJson(each) && isUuid(each['uuid']) && 'info' in each))
    return events.filter(isJson);
  const isStix = isJson(value) && value['type'] === 'bundle';
  throw refuse(
    name,
    'has no events of MISP.',
    isStix
      ? 'Use "sitrep import stix": this is a STIX bundle.'
      : 'Export events as JSON: {"Event": {"uuid": …, "info": …}}, or a list of them.',
  );
}

/** The attributes of an event, with those of its objects. */
const attributesOf = (event: Json): Json[] => [
  ...jsonIn(event['Attribute']),
  ...jsonIn(event['Object']).flatMap((object) =>
    jsonIn(object['Attribute']).map((each) =>
      isTrue(object['deleted']) ? { ...each, deleted: true } : each,
    ),
  ),
];

const tagsOf = (...of: readonly Json[]): string[] =>
  of.flatMap((each) => jsonIn(each['Tag']).map((tag) => textOf(tag['name'])));

/** The value of a tag such as `admiralty-scale:source-reliability="b"`; empty if there is none. */
function tagValue(tags: readonly string[], name: string): string {
  const tag = tags.find((each) => each.startsWith(`${name}="`));
  return tag?.slice(name.length + 2, -1).toUpperCase() ?? '';
}

const clustersOf = (of: Json): Json[] =>
  jsonIn(of['Galaxy'])
    .filter((galaxy) => actorGalaxies.test(textOf(galaxy['type'])))
    .flatMap((galaxy) => jsonIn(galaxy['GalaxyCluster']));

const withoutSightings = (attribute: Json): Json => restOf(attribute, ['Sighting']);
const isKept = (each: Json): boolean => !isTrue(each['deleted']);
const keptIn = (of: Json): Json[] => jsonIn(of['Attribute']).filter(isKept).map(withoutSightings);

function convertMisp(documents: readonly Document[], knownOn: Day): Converted {
  const conversion = new Conversion(documents);
  const events = new Map<string, { event: Json; file: string }>();
  for (const document of documents)
    for (const event of eventsIn(document)) {
      const id = textOf(event['uuid']).toLowerCase();
      const other = events.get(id);
      if (other !== undefined)
        conversion.skip('is an older version of another event, or repeats it', other.file);
      if (Number(textOf(event['timestamp'])) >= Number(textOf(other?.event['timestamp'])))
        events.set(id, { event, file: document.name });
    }
  const notes = new Map<string, Note>();
  for (const { event, file } of events.values()) {
    const isWithdrawn = isTrue(event['deleted']);
    const modified = momentAt(event['timestamp']);
    /** The strictest marking among tags. A TLP tag that is no label may be a strict one. */
    const markingOf = (tags: readonly string[]): Marking | undefined => {
      const given = tags.filter((tag) => /^tlp:/i.test(tag)).map(markingNamed);
      for (const marking of given)
        if (marking === undefined)
          conversion.skip('is a TLP tag that is no label of TLP: its rows are marked TLP:RED', file);
      return strictest(given.map((marking) => marking ?? 'TLP:RED'));
    };
    const marking = markingOf(tagsOf(event));
    const add = (table: Note['table'], id: string, cells: Cells, extra: Json | null): void => {
      // The same actor may be in several events, and is as open as the most open one.
      const other = notes.get(id);
      if (other !== undefined && strictest([marking, markingNamed(other.cells['marking'] ?? '')]) === marking)
        return;
      notes.set(id, {
        table,
        id,
        cells: filled({ ...cells, marking: marking ?? '' }),
        extra,
        modified,
        isWithdrawn,
      });
    };
    const objects = jsonIn(event['Object']).filter(isKept);
    const source = idFor('MISP', 'event', textOf(event['uuid']));
    add('sources', source, sourceCells(event, knownOn), {
      ...restOf(event, ['info', 'Galaxy']),
      Attribute: keptIn(event),
      Object: objects.map((object) => ({ ...object, Attribute: keptIn(object) })),
    });
    const attributes = attributesOf(event);
    for (const cluster of isWithdrawn ? [] : [event, ...attributes.filter(isKept)].flatMap(clustersOf)) {
      const name = shortened(cluster['value']);
      if (name === '' || !isUuid(cluster['uuid'])) continue;
      const meta = isJson(cluster['meta']) ? cluster['meta'] : {};
      const id = idFor('MISP', 'actor', textOf(cluster['uuid']));
      add('actors', id, actorCells(name, meta['synonyms']), cluster);
    }
    for (const object of objects) {
      const isPlace = object['name'] === 'geolocation' && isUuid(object['uuid']);
      const cells = isPlace ? placeCells(object, event) : null;
      if (cells !== null) add('places', idFor('MISP', 'place', textOf(object['uuid'])), cells, null);
    }
    for (const attribute of attributes)
      for (const sighting of jsonIn(attribute['Sighting'])) {
        const id = sightingId(sighting, attribute);
        const own = markingOf(tagsOf(attribute));
        const cells = {
          ...sightingCells(sighting, { attribute, event }),
          marking: strictest([marking, own]) ?? '',
        };
        if (isWithdrawn || !isKept(attribute)) conversion.withdrawn.push(id);
        else conversion.add(filled({ id, ...cells }), { what: 'a sighting', file });
      }
    const gone = attributes.filter((each) => !isKept(each)).length;
    if (gone > 0) conversion.skip('is a deleted attribute', file, gone);
  }
  return conversion.done([...notes.values()]);
}

const nameOf = (organisation: unknown): string =>
  isJson(organisation) ? printable(organisation['name']) : '';

function sourceCells(event: Json, knownOn: Day): Cells {
  const tags = tagsOf(event);
  const reliability = tagValue(tags, 'admiralty-scale:source-reliability');
  const credibility = tagValue(tags, 'admiralty-scale:information-credibility');
  const day = momentAt(event['publish_timestamp']).slice(0, 10) || dayOf(event['date']);
  const author = nameOf(event['Orgc']) || nameOf(event['Org']);
  const isGraded = /^[A-F]$/.test(reliability);
  return {
    name: titled(event['info']) || 'Event without a title',
    descriptor: shortened(`Event${author === '' ? '' : ` by ${author}`}, shared in MISP`, 500),
    published: day <= knownOn ? day : '',
    reliability: isGraded ? reliability : '',
    grade_note: isGraded && credibility !== '' ? `information credibility ${credibility}` : '',
  };
}

/** The place of an object `geolocation`; null if it has no point. */
function placeCells(object: Json, event: Json): Cells | null {
  const attributes = jsonIn(object['Attribute']).filter(isKept);
  const value = (relation: string): string =>
    textOf(attributes.find((each) => each['object_relation'] === relation)?.['value']);
  const point = pointOf(value('latitude'), value('longitude'));
  if (point === undefined) return null;
  return {
    name:
      shortened(value('city') || value('address') || value('region') || value('country') || event['info']) ||
      `${point.lat}, ${point.lon}`,
    province: shortened(value('region')),
    country: countryCell(value('countrycode')),
    ...point,
  };
}

/** Older exports give a sighting only a number. */
function sightingId(sighting: Json, attribute: Json): string {
  const own = textOf(sighting['uuid']);
  if (isUuid(own)) return idFor('MISP', 'sighting', own);
  const number = textOf(sighting['id']) || textOf(sighting['date_sighting']);
  return `${idFor('MISP', 'sighting', textOf(attribute['uuid']))}-${number.replaceAll(/[^A-Za-z0-9]/g, '')}`;
}

/** By the codes of MISP. */
const sightingKinds = ['sighting', 'false positive', 'expiration'];

function sightingCells(sighting: Json, { attribute, event }: { attribute: Json; event: Json }): Cells {
  const day = momentAt(sighting['date_sighting']).slice(0, 10);
  const kind = sightingKinds[Number(textOf(sighting['type']) || '0')] ?? '';
  const type = printable(attribute['type']);
  const tags = tagsOf(event, attribute);
  const actors = [event, attribute].flatMap(clustersOf).map((cluster) => printable(cluster['value']));
  const { info, uuid: of, date } = event;
  return {
    start: day,
    end: day,
    published_on: day,
    precision: 'day',
    kind: kind || 'sighting',
    sub_kind: type === '' ? '' : `${kind || 'sighting'} of ${type}`,
    counts: kind === 'sighting' ? '' : 'false',
    side_a: listCell(actors),
    confidence: tagValue(tags, 'admiralty-scale:information-credibility'),
    title: printable(info),
    source: nameOf(sighting['Organisation']) || printable(sighting['source']) || nameOf(event['Orgc']),
    extra: JSON.stringify({
      sighting,
      attribute: withoutSightings(attribute),
      event: { uuid: of, info, date },
    }),
  };
}
