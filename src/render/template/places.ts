import { traceEnd } from './trace.ts';

/** The helpers that mark the output of an expression, and a value within a message, for explaining a page. */
export const placeOf = 'place of value';
export const valueOf = 'value in message';

interface Place {
  readonly file: string;
  readonly expression: string;
  /** The values of a message, as written, in order. */
  readonly values: readonly string[];
}

/** The original text of each statement in a program that prints text; null for other statements. */
export function placesIn(
  { body }: hbs.AST.Program,
  { file, lines }: { file: string; lines: readonly string[] },
): (Place | null)[] {
  let inTag = false;
  return body.map((statement) => {
    if (isContent(statement)) {
      // Handlebars' types declare `original` with the type of another property.
      const original = String(statement.original);
      const [opens, closes] = [original.lastIndexOf('<'), original.lastIndexOf('>')];
      if (opens !== closes) inTag = opens > closes;
    }
    if (statement.type !== 'MustacheStatement' || inTag) return null;
    const expression = textBetween(lines, statement.loc).replaceAll(/^\{\{~?\s*|\s*~?\}\}$/g, '');
    // A mark inside a style sheet would become part of it.
    if (/^(?:style-sheet|css-string|css-t)\b/.test(expression)) return null;
    const values = messageValues(statement).map(({ value }) =>
      textBetween(lines, value.loc).replaceAll(/^\(\s*|\s*\)$/g, ''),
    );
    return { file, expression, values };
  });
}

/** Puts a mark before and after each statement that prints text. */
export function markPlaces(program: hbs.AST.Program, places: readonly (Place | null)[]): void {
  program.body = program.body.flatMap((statement, index) => {
    const place = places[index];
    if (place == null) return [statement];
    for (const [at, pair] of messageValues(statement).entries())
      pair.value = markedValue(pair.value, { ...place, expression: place.values[at] ?? '' });
    return [marker(statement, place), statement, end(statement)];
  });
}

const isMustache = (node: hbs.AST.Node): node is hbs.AST.MustacheStatement =>
  node.type === 'MustacheStatement';

/** The values of a message, `{{t "key" name=value}}`. */
function messageValues(statement: hbs.AST.Node): hbs.AST.HashPair[] {
  if (!isMustache(statement)) return [];
  const { path, hash } = statement;
  const isMessage = 'original' in path && path.original === 't';
  // The types omit that a call may have no hash.
  return isMessage ? ((hash as hbs.AST.Hash | undefined)?.pairs ?? []) : [];
}

const isContent = (node: hbs.AST.Node): node is hbs.AST.ContentStatement => node.type === 'ContentStatement';

function textBetween(lines: readonly string[], { start, end: stop }: hbs.AST.SourceLocation): string {
  const rows = lines.slice(start.line - 1, stop.line);
  return rows
    .map((row, index) =>
      row.slice(index === 0 ? start.column : 0, index === rows.length - 1 ? stop.column : undefined),
    )
    .join(' ');
}

type Named = Pick<Place, 'file' | 'expression'>;

/** The call of a helper with file, line and expression as its first arguments. */
function callOf(helper: string, { loc }: hbs.AST.Node, { file, expression }: Named) {
  const text = (value: string): hbs.AST.StringLiteral => ({
    type: 'StringLiteral',
    value,
    original: value,
    loc,
  });
  const { line } = loc.start;
  const number: hbs.AST.NumberLiteral = { type: 'NumberLiteral', value: line, original: line, loc };
  const path: hbs.AST.PathExpression = {
    type: 'PathExpression',
    data: false,
    depth: 0,
    parts: [helper],
    original: helper,
    loc,
  };
  const hash: hbs.AST.Hash = { type: 'Hash', pairs: [], loc };
  return { path, params: [text(file), number, text(expression)], hash, loc };
}

const marker = (statement: hbs.AST.Node, place: Named): hbs.AST.MustacheStatement => ({
  type: 'MustacheStatement',
  ...callOf(placeOf, statement, place),
  escaped: true,
  strip: { open: false, close: false },
});

function markedValue(value: hbs.AST.Expression, place: Named): hbs.AST.SubExpression {
  const call = callOf(valueOf, value, place);
  return { type: 'SubExpression', ...call, params: [...call.params, value] };
}

const end = ({ loc }: hbs.AST.Node): hbs.AST.Statement & { value: string } => ({
  type: 'ContentStatement',
  value: traceEnd,
  loc,
});
