import Handlebars from 'handlebars';
import { type Provenance, traceRow } from './trace.ts';

const { escapeExpression, SafeString } = Handlebars;

/**
 * A value of a row on its way into a page. A template uses it like any other; printed, it leaves a trace of the row, so
 * that no partial that prints it can pass for its author.
 */
class RowValue {
  readonly #raw: unknown;
  readonly #of: Provenance;

  constructor(raw: unknown, of: Provenance) {
    this.#raw = raw;
    this.#of = of;
  }

  /** Called by Handlebars in place of its own escaping. */
  toHTML(): string {
    return traceRow(this.#of, escapeExpression(String(this.#raw)));
  }

  static read(value: RowValue): { readonly raw: unknown; readonly of: Provenance } {
    return { raw: value.#raw, of: value.#of };
  }
}

/** Lists and rows keep their shape for `each` and helpers, and what they were is kept here. */
const wrapped = new WeakMap<object, { readonly raw: unknown; readonly of: Provenance }>();

const infoOf = (value: unknown) =>
  value instanceof RowValue
    ? RowValue.read(value)
    : typeof value === 'object' && value !== null
      ? wrapped.get(value)
      : undefined;

/** What is not there, and what prints nothing, stays as it is. */
export function asPrinted(value: unknown, of: Provenance): unknown {
  if (value === null || value === undefined || value === '') return value;
  if (typeof value !== 'object') return new RowValue(value, of);
  const seen = Array.isArray(value)
    ? value.map((each) => asPrinted(each, of))
    : Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asPrinted(each, of)]));
  return keep(seen, { raw: value, of });
}

/** Rows, each with its own provenance. */
export const rowsAsPrinted = <R extends object>(rows: readonly R[], provenanceOf: (row: R) => Provenance) => {
  const each = rows.map((row) => [row, provenanceOf(row)] as const);
  const of = merged(each.map(([, own]) => own)) ?? { from: '', own: null, ids: [] };
  return keep(
    each.map(([row, own]) => asPrinted(row, own)),
    { raw: rows, of },
  );
};

function keep<T extends object>(seen: T, info: { readonly raw: unknown; readonly of: Provenance }): T {
  wrapped.set(seen, info);
  // A list that is printed as a whole.
  if (Array.isArray(seen))
    Object.defineProperty(seen, 'toHTML', { value: () => new RowValue(info.raw, info.of).toHTML() });
  return seen;
}

/** The value itself, for helpers and for whoever explains a page. */
export function rawOf(value: unknown): unknown {
  const info = infoOf(value);
  if (info !== undefined) return info.raw;
  return Array.isArray(value) ? value.map(rawOf) : value;
}

/** What a helper makes of values of rows is still theirs, unless it left a trace of its own. */
export function madeOf(result: unknown, given: readonly unknown[]): unknown {
  const of = merged(given.flatMap((value) => infoOf(value)?.of ?? []));
  if (of === undefined) return result;
  if (!(result instanceof SafeString)) return asPrinted(result, of);
  const html = result.toString();
  return html === '' || html.includes('<!--') ? result : new SafeString(traceRow(of, html));
}

function merged(parts: readonly Provenance[]): Provenance | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  const isOne = parts.every(({ own }) => own === first.own);
  return {
    from: first.from,
    own: isOne ? first.own : null,
    ids: [...new Set(parts.flatMap(({ ids }) => ids))],
  };
}
