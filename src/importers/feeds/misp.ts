import type { Day } from '../../calendar.ts';
import type { Marking } from '../../dataset/fields.ts';
import { type Importer, refuse } from '../format.ts';
import { incidentsImporter } from '../table/importer.ts';
import type { Cells, Converted, Document, Json, Note } from './converted.ts';
import {
  dayOf,
  filled,
  idFor,
  isJson,
  isTooLong,
  jsonIn,
  markingNamed,
  numberCell,
  printable,
  restOf,
  shortened,
  Skipped,
  strictest,
  textOf,
  textsIn,
  titled,
} from './document.ts';

/** Events of MISP as JSON, as its exports, feeds and API give them. */
export const misp: Importer = {
  ...incidentsImporter(),
  origin: {
    format: 'misp',
    prefix: 'MISP',
    source: 'MISP',
    mapping: null,
    lag_days: null,
    licence: {
      name: 'not stated',
      url: null,
      attribution: 'MISP events, as their authors shared them',
      allows_rows: false,
    },
  },
  convert: convertMisp,
};

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isUuid = (value: unknown): boolean => uuid.test(textOf(value));
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
  const skipped = new Skipped();
  const events = new Map<string, { event: Json; file: string }>();
  for (const document of documents)
    for (const event of eventsIn(document)) {
      const id = textOf(event['uuid']).toLowerCase();
      const other = events.get(id);
      if (other !== undefined) skipped.add('is an older version of another event, or repeats it', other.file);
      if (Number(textOf(event['timestamp'])) >= Number(textOf(other?.event['timestamp'])))
        events.set(id, { event, file: document.name });
    }
  const incidents = new Map(documents.map(({ name }): [string, Cells[]] => [name, []]));
  const withdrawn: string[] = [];
  const notes = new Map<string, Note>();
  for (const { event, file } of events.values()) {
    const isWithdrawn = isTrue(event['deleted']);
    const modified = momentAt(event['timestamp']);
    const marking = markingOf(tagsOf(event), () => skipped.add(strangeTlp, file));
    const add = (table: Note['table'], id: string, cells: Cells, extra: Json | null): void => {
      const note = {
        table,
        id,
        cells: filled({ ...cells, marking: marking ?? '' }),
        extra,
        modified,
        isWithdrawn,
      };
      // The same actor may be in several events, and is as open as the most open one.
      const other = notes.get(id);
      if (other === undefined || strictest([marking, markingNamed(other.cells['marking'] ?? '')]) !== marking)
        notes.set(id, note);
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
      add('actors', idFor('MISP', 'actor', textOf(cluster['uuid'])), actorCells(name, cluster), cluster);
    }
    for (const object of objects) {
      const cells =
        object['name'] === 'geolocation' && isUuid(object['uuid']) ? placeCells(object, event) : null;
      if (cells !== null) add('places', idFor('MISP', 'place', textOf(object['uuid'])), cells, null);
    }
    for (const attribute of attributes)
      for (const sighting of jsonIn(attribute['Sighting'])) {
        const id = sightingId(sighting, attribute);
        const own = markingOf(tagsOf(attribute), () => skipped.add(strangeTlp, file));
        const cells = filled({
          id,
          ...sightingCells(sighting, { attribute, event }),
          marking: strictest([marking, own]) ?? '',
        });
        if (isWithdrawn || !isKept(attribute)) withdrawn.push(id);
        else if (cells['start'] === undefined) skipped.add('is a sighting without a day', file);
        else if (isTooLong(cells)) skipped.add('is longer than 1 MB', file);
        else incidents.get(file)?.push(cells);
      }
    const gone = attributes.filter((each) => !isKept(each)).length;
    if (gone > 0) skipped.add('is a deleted attribute', file, gone);
  }
  return {
    files: documents.map(({ description }) => description),
    incidents: [...incidents.values()],
    withdrawn,
    notes: [...notes.values()],
    read: notes.size + skipped.total,
    skipped: skipped.groups,
  };
}

const strangeTlp = 'is a TLP tag that is no label of TLP: its rows are marked TLP:RED';

/** The strictest marking among tags. `onStrange` is called for a TLP tag that is no label, which may be a strict one. */
function markingOf(tags: readonly string[], onStrange: () => void): Marking | undefined {
  return strictest(
    tags
      .filter((tag) => /^tlp:/i.test(tag))
      .map((tag) => {
        const marking = markingNamed(tag);
        if (marking === undefined) onStrange();
        return marking ?? 'TLP:RED';
      }),
  );
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

function actorCells(name: string, cluster: Json): Cells {
  const meta = isJson(cluster['meta']) ? cluster['meta'] : {};
  const aliases = textsIn(meta['synonyms']).map((alias) => printable(alias).replaceAll(';', ','));
  return {
    name,
    aliases: shortened([...new Set(aliases)].filter((alias) => alias !== name).join(';')),
  };
}

/** The place of an object `geolocation`; null if it has no point. */
function placeCells(object: Json, event: Json): Cells | null {
  const attributes = jsonIn(object['Attribute']).filter(isKept);
  const value = (relation: string): string =>
    textOf(attributes.find((each) => each['object_relation'] === relation)?.['value']);
  const [lat, lon] = [numberCell(value('latitude'), 90), numberCell(value('longitude'), 180)];
  if (lat === '' || lon === '') return null;
  const country = value('countrycode').toUpperCase();
  return {
    name:
      shortened(value('city') || value('address') || value('region') || value('country') || event['info']) ||
      `${lat}, ${lon}`,
    province: shortened(value('region')),
    country: /^[A-Z]{2}$/.test(country) ? country : '',
    lat,
    lon,
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
  const actors = [...clustersOf(event), ...clustersOf(attribute)].map((cluster) =>
    printable(cluster['value']),
  );
  const names = [...new Set(actors)].filter((name) => name !== '');
  const { info, uuid: of, date } = event;
  return {
    start: day,
    end: day,
    published_on: day,
    precision: 'day',
    kind: kind || 'sighting',
    sub_kind: type === '' ? '' : `${kind || 'sighting'} of ${type}`,
    counts: kind === 'sighting' ? '' : 'false',
    side_a: names.length === 0 ? '' : JSON.stringify(names),
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
