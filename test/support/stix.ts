import { loadDataset } from '../../src/dataset/reading/read.ts';
import { newDesk } from './incidents.ts';
import { stix } from '../../src/importers/feeds/stix.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A UUID that differs for each number. */
export const uuidOf = (number: number): string =>
  `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`;

export const stixId = (type: string, number: number): string => `${type}--${uuidOf(number)}`;

/** A STIX 2.1 object of a type. */
export const stixObject = (type: string, number: number, properties: Properties = {}): Properties => ({
  type,
  spec_version: '2.1',
  id: stixId(type, number),
  created: '2024-03-01T08:00:00.000Z',
  modified: '2024-03-01T08:00:00.000Z',
  ...properties,
});

export const link = (number: number, from: string, kind: string, to: string): Properties =>
  stixObject('relationship', number, { source_ref: from, relationship_type: kind, target_ref: to });

export const bundleOf = (objects: readonly unknown[]): string =>
  JSON.stringify({ type: 'bundle', id: stixId('bundle', 1), objects });

/** A desk that imports STIX objects. */
export async function stixDesk() {
  const desk = await newDesk();
  return {
    ...desk,
    /** Writes objects as one bundle and imports it. */
    share: async (objects: readonly unknown[], options: Parameters<typeof desk.run>[2] = {}) =>
      desk.run(stix, [await desk.write(bundleOf(objects), `bundle-${crypto.randomUUID()}.json`)], options),
    tables: async () => (await loadDataset(desk.into, 'data/desk')).tables,
  };
}
