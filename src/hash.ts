import { createHash } from 'node:crypto';

/** JSON with the keys of every object sorted, so that equal values have equal bytes. */
export const canonicalJson = (value: unknown, { indent = 0 }: { indent?: number } = {}): string =>
  JSON.stringify(sorted(value), null, indent);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
