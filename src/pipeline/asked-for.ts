import type { Value } from '../model/row.ts';

/**
 * `things` as a template sees them: whatever asks for one of them, if only whether it is there, is told to `onAsked`. A
 * thing that nothing asks for shaped no page.
 */
export function watched<T>(
  things: { readonly [name: string]: T },
  onAsked: (name: string, thing: T) => T,
): { readonly [name: string]: T } {
  const seen = {};
  for (const [name, thing] of Object.entries(things))
    Object.defineProperty(seen, name, { enumerable: true, get: () => onAsked(name, thing) });
  return seen;
}

/** Every text in a value, at whatever depth; numbers, such as those of an outline, are passed by. */
export function textsIn(value: Value): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  const parts: readonly Value[] = isList(value) ? value : Object.values(value);
  return parts.flatMap((part) => (typeof part === 'number' ? [] : textsIn(part)));
}

const isList = (value: object): value is readonly Value[] => Array.isArray(value);
