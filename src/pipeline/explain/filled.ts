import { placeholders, type Placeholder } from '../../model/references.ts';
import { figureOf } from '../../model/figures.ts';
import type { Told } from './told.ts';

/** A piece of a row's text: as it was written, or a figure that was filled in. */
interface FilledPart {
  readonly text: string;
  readonly figure?: Placeholder;
}

/** A row's text as it reads, with its figures apart. */
export function filledParts(raw: string, { rendering }: Told): FilledPart[] {
  const { findings, rows } = rendering.draft;
  const parts: FilledPart[] = [];
  let at = 0;
  for (const figure of placeholders(raw)) {
    const next = raw.indexOf(figure.source, at);
    parts.push({ text: raw.slice(at, next) });
    const entry = rows.get(figure.name);
    const text =
      findings[figure.name]?.fields[figure.field] ??
      (entry && figureOf(entry, figure.field)) ??
      figure.source;
    parts.push({ text, figure });
    at = next + figure.source.length;
  }
  return [...parts, { text: raw.slice(at) }];
}
