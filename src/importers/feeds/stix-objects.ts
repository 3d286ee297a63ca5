import type { Marking } from '../../dataset/fields.ts';
import { type Document, type Json, refuse } from '../format.ts';
import {
  type Conversion,
  isJson,
  jsonIn,
  markingNamed,
  momentOf,
  printable,
  strictest,
  textOf,
  textsIn,
  withArticle,
} from './document.ts';

/** A STIX object with an id of its type, and the file that has it. */
export interface StixObject {
  readonly type: string;
  readonly id: string;
  readonly own: Json;
  readonly file: string;
}

/** The fixed ids of the TLP markings: version 1 from STIX 2.1, section 7.2.1.4, version 2 from its OASIS extension. */
const tlpIds: ReadonlyMap<string, Marking> = new Map([
  ['marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9', 'TLP:CLEAR'],
  ['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da', 'TLP:GREEN'],
  ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82', 'TLP:AMBER'],
  ['marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed', 'TLP:RED'],
  ['marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487', 'TLP:CLEAR'],
  ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb', 'TLP:GREEN'],
  ['marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421', 'TLP:AMBER'],
  ['marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003', 'TLP:AMBER+STRICT'],
  ['marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1', 'TLP:RED'],
]);

const idPattern = /^([a-z][a-z0-9-]{2,60})--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Objects whose own name may be the address of an attacker. */
const nameless =
  /^(artifact|autonomous-system|directory|domain-name|email-|file|ipv|mac-addr|mutex|network-|url|x509-)/;

/** The objects of a bundle. Throws `import-failed`. */
function objectsIn({ name, value }: Document): unknown[] {
  if (isJson(value) && Array.isArray(value['objects']) && ['bundle', ''].includes(textOf(value['type'])))
    return value['objects'];
  const isMisp = [value].flat().some((each) => isJson(each) && ('Event' in each || 'response' in each));
  const hint = isMisp
    ? 'Use "sitrep import misp": this is an event of MISP.'
    : 'Put the objects into {"type": "bundle", "id": "bundle--…", "objects": […]}.';
  throw refuse(name, 'is not a STIX bundle.', hint);
}

/** The objects of bundles: of each id the newest version. What is left out is counted in `conversion`. */
export class StixGraph {
  readonly objects: ReadonlyMap<string, StixObject>;
  /** The relationships from and to an object. */
  readonly #from: ReadonlyMap<string, readonly StixObject[]>;
  readonly #to: ReadonlyMap<string, readonly StixObject[]>;
  readonly #used = new Set<StixObject>();
  /** The ids of objects and of markings that the files lack, and a file that names each. */
  readonly #missing = new Map<string, string>();
  readonly #unmarked = new Map<string, string>();

  constructor(documents: readonly Document[], conversion: Conversion) {
    const found = new Map<string, StixObject>();
    for (const document of documents)
      for (const own of objectsIn(document)) {
        const [type, id] = isJson(own) ? [textOf(own['type']), textOf(own['id']).toLowerCase()] : ['', ''];
        if (!isJson(own) || idPattern.exec(id)?.[1] !== type) {
          conversion.skip('has no id of its type', document.name);
          continue;
        }
        const object = { type, id, own, file: document.name };
        const other = found.get(id);
        if (other !== undefined)
          conversion.skip('is an older version of another object, or repeats it', other.file);
        if (other === undefined || isNewer(own, other.own)) found.set(id, object);
      }
    this.objects = found;
    const relations = this.ofType('relationship').filter(({ own }) => own['revoked'] !== true);
    const byEnd = (field: string) => Map.groupBy(relations, ({ own }) => textOf(own[field]).toLowerCase());
    this.#from = byEnd('source_ref');
    this.#to = byEnd('target_ref');
  }

  ofType(...types: string[]): StixObject[] {
    return [...this.objects.values()].filter(({ type }) => types.includes(type));
  }

  /** Begins a row about an object. */
  row(object: StixObject): StixRow {
    return new StixRow(this, object);
  }

  /** The object of a reference; undefined if the files lack it or it is revoked. */
  find(reference: unknown, { file }: StixObject): StixObject | undefined {
    const id = textOf(reference).toLowerCase();
    const object = this.objects.get(id);
    if (object === undefined && id !== '') this.#missing.set(id, file);
    return object?.own['revoked'] === true ? undefined : object;
  }

  /** The relationships of an object, and the objects at their other ends. */
  ends(object: StixObject): { relation: StixObject; kind: string; end: StixObject; isTarget: boolean }[] {
    const side = (relations: readonly StixObject[] | undefined, isTarget: boolean) =>
      (relations ?? []).flatMap((relation) => {
        const end = this.find(relation.own[isTarget ? 'target_ref' : 'source_ref'], relation);
        const kind = textOf(relation.own['relationship_type']);
        return end === undefined ? [] : [{ relation, kind, end, isTarget }];
      });
    return [...side(this.#from.get(object.id), true), ...side(this.#to.get(object.id), false)];
  }

  use(object: StixObject): void {
    this.#used.add(object);
  }

  /** The marking of an object: the strictest of those of the whole and of its parts. */
  markingOf(object: StixObject): Marking | undefined {
    const { own } = object;
    const granular = jsonIn(own['granular_markings']).map((part) => textOf(part['marking_ref']));
    const given = [...textsIn(own['object_marking_refs']), ...granular].filter((id) => id !== '');
    return strictest(given.map((reference) => this.#tlpOf(reference.toLowerCase(), object.file)));
  }

  #tlpOf(id: string, file: string): Marking | undefined {
    const fixed = tlpIds.get(id);
    const definition = this.objects.get(id);
    if (definition !== undefined) this.#used.add(definition);
    if (fixed !== undefined) return fixed;
    if (definition === undefined) {
      // It may be a strict one.
      this.#unmarked.set(id, file);
      return 'TLP:RED';
    }
    const { definition: inner, name, extensions } = definition.own;
    const labels = [
      isJson(inner) ? inner['tlp'] : undefined,
      ...(isJson(extensions) ? Object.values(extensions) : []).map((each) => isJson(each) && each['tlp_2_0']),
      name,
    ];
    return labels.map((label) => markingNamed(textOf(label))).find((marking) => marking !== undefined);
  }

  /** Counts the objects that no row has or names, and the references that lead nowhere. */
  countUnused(conversion: Conversion): void {
    for (const object of this.objects.values()) {
      const { type, own, file } = object;
      if (this.#used.has(object)) continue;
      if (own['revoked'] === true) conversion.skip('is revoked', file);
      else if (type === 'relationship')
        conversion.skip('is a relationship of objects that have no row', file);
      else if (['identity', 'location', 'marking-definition'].includes(type))
        conversion.skip(`is ${withArticle(type)} that no row names`, file);
      else conversion.skip(`is ${withArticle(type)}: there is no table for it`, file);
    }
    for (const file of this.#missing.values())
      conversion.skip('is a reference to an object that the files lack', file);
    for (const file of this.#unmarked.values())
      conversion.skip('is a marking that the files do not define: its rows are marked TLP:RED', file);
  }
}

/** Later, or revoked at the same time. A later object of the same time is the correction of an earlier one. */
function isNewer(one: Json, other: Json): boolean {
  const [own, others] = [one, other].map((each) => momentOf(each['modified'] ?? each['created']));
  if (own !== others) return (own ?? '') > (others ?? '');
  return other['revoked'] !== true;
}

/** A row in the making: it has the strictest marking of the objects that it names. */
export class StixRow {
  readonly #graph: StixGraph;
  readonly object: StixObject;
  readonly #named = new Set<StixObject>();

  constructor(graph: StixGraph, object: StixObject) {
    this.#graph = graph;
    this.object = object;
    this.#name(object);
  }

  #name(object: StixObject): void {
    this.#graph.use(object);
    this.#named.add(object);
  }

  find(reference: unknown): StixObject | undefined {
    const object = this.#graph.find(reference, this.object);
    if (object !== undefined) this.#name(object);
    return object;
  }

  /** The objects that a relationship of one of the kinds connects with `of`. */
  related(of: StixObject, kinds: readonly string[], types: readonly string[]): StixObject[] {
    return this.#graph
      .ends(of)
      .filter(({ kind, end }) => kinds.includes(kind) && types.includes(end.type))
      .map(({ relation, end }) => {
        this.#name(relation);
        this.#name(end);
        return end;
      });
  }

  /** What the relationships of the object say, for `extra`: `uses tool PsExec`. Incidents say what they rest on. */
  relationships(): string[] {
    const ends = this.#graph.ends(this.object).filter(({ end }) => end.type !== 'incident');
    return ends.map(({ relation, kind, end, isTarget }) => {
      this.#graph.use(relation);
      const other = `${end.type} ${textOf(end.own['name']) || end.id}`;
      return isTarget ? `${kind} ${other}` : `${other} ${kind} this`;
    });
  }

  /** Who made the object: its authors, or the identity that created it; empty if neither is given. */
  author(): string {
    const authors = textsIn(this.object.own['authors']).map(printable).join(', ');
    const creator = this.find(this.object.own['created_by_ref']);
    return authors === '' && creator !== undefined ? nameOf(creator) : authors;
  }

  get marking(): string {
    return strictest([...this.#named].map((each) => this.#graph.markingOf(each))) ?? '';
  }
}

/** The name of an object for print; that of an observable is its type. */
export function nameOf({ type, own }: StixObject): string {
  const name = nameless.test(type) ? '' : printable(own['name'] ?? own['abstract']);
  return name === '' ? type.replaceAll('-', ' ') : name;
}
