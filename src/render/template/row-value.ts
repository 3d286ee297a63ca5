import Handlebars from 'handlebars';
import { isRightToLeft, type Locale } from '../../locale.ts';
import { type Provenance, traceEnd, traceName, traceRow } from './trace.ts';

const { escapeExpression, SafeString } = Handlebars;

interface Info {
  readonly raw: unknown;
  readonly of: Provenance;
}

/** What is behind a wrapped value. Lists and rows keep their shape for `each` and helpers, so it is stored here. */
const wrapped = new WeakMap<object, Info>();
const infoOf = (value: unknown) =>
  typeof value === 'object' && value !== null ? wrapped.get(value) : undefined;

/**
 * A row's value for use in a page. Templates use it like any other value; when printed, it leaves a trace of the row,
 * so that a partial that prints it is not taken for its author.
 */
class RowValue {
  readonly #info: Info;

  constructor(info: Info) {
    this.#info = info;
    wrapped.set(this, info);
  }

  /** Handlebars calls this instead of escaping the value itself. */
  toHTML(): string {
    return traceRow(this.#info.of, escapeExpression(String(this.#info.raw)));
  }

  /** For words that a locale chooses by the value. */
  toString(): string {
    return String(this.#info.raw);
  }
}

/** Wraps a value from a row; missing and empty values are returned unchanged. */
export function asPrinted(value: unknown, of: Provenance): unknown {
  if (value === null || value === undefined || value === '') return value;
  if (typeof value !== 'object') return new RowValue({ raw: value, of });
  const seen = Array.isArray(value)
    ? value.map((each) => asPrinted(each, of))
    : Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asPrinted(each, of)]));
  return keep(seen, { raw: value, of });
}

/** Wraps rows, each with its own provenance. */
export const rowsAsPrinted = <R extends object>(rows: readonly R[], provenanceOf: (row: R) => Provenance) => {
  const each = rows.map((row) => [row, provenanceOf(row)] as const);
  const of = merged(each.map(([, own]) => own)) ?? { from: '', own: null, ids: [] };
  return keep(
    each.map(([row, own]) => asPrinted(row, own)),
    { raw: rows, of },
  );
};

function keep<T extends object>(seen: T, info: Info): T {
  wrapped.set(seen, info);
  // For a list printed as a whole.
  if (Array.isArray(seen))
    Object.defineProperty(seen, 'toHTML', { value: () => new RowValue(info).toHTML() });
  return seen;
}

/** A value as HTML: escaped, unless it has HTML of its own. */
const htmlOf = (value: unknown): string =>
  hasHtml(value) ? value.toHTML() : escapeExpression(String(value));

export const hasHtml = (value: unknown): value is { toHTML(): string } =>
  typeof value === 'object' && value !== null && 'toHTML' in value && typeof value.toHTML === 'function';

/** A value that a page or a message prints, marked for an explanation. */
export class MarkedValue {
  readonly #value: unknown;
  readonly #mark: string;

  constructor(value: unknown, mark: string) {
    this.#value = value;
    this.#mark = mark;
  }

  /** `print` prints a number. */
  toHTML(print: (value: number) => string = String): string {
    const value = typeof this.#value === 'number' ? print(this.#value) : this.#value;
    return this.#mark + htmlOf(value) + traceEnd;
  }

  /** For words that a locale chooses by the value. */
  toString(): string {
    return String(this.#value);
  }
}

/** A source's name for use in a page: when printed it leaves a trace, so that typed text is not taken for it. */
export class SourceName {
  readonly #name: string;
  readonly #direction: Locale['direction'];

  /** `direction` is that of the page. */
  constructor(name: string, direction: Locale['direction']) {
    this.#name = name;
    this.#direction = direction;
  }

  /** Handlebars calls this instead of escaping the value itself. */
  toHTML(): string {
    const html = traceName(escapeExpression(this.#name));
    // Without isolates, two names in a row that are written the other way change places.
    return isRightToLeft(this.#name) === (this.#direction === 'rtl') ? html : `\u2068${html}\u2069`;
  }
}

/** The original value, for helpers and explanations of a page. */
export function rawOf(value: unknown): unknown {
  const info = infoOf(value);
  if (info !== undefined) return info.raw;
  return Array.isArray(value) ? value.map(rawOf) : value;
}

/** Gives a helper's result the provenance of its arguments, unless the result already has a trace. */
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
