import { traceEnd } from './trace.ts';

/** The helper that marks an expression's output, for explaining a page. */
export const placeOf = 'place of value';

interface Place {
  readonly file: string;
  readonly expression: string;
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
    return /^(?:style-sheet|css-string)\b/.test(expression) ? null : { file, expression };
  });
}

/** Puts a mark before and after each statement that prints text. */
export function markPlaces(program: hbs.AST.Program, places: readonly (Place | null)[]): void {
  program.body = program.body.flatMap((statement, index) => {
    const place = places[index];
    return place == null ? [statement] : [marker(statement, place), statement, end(statement)];
  });
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

function marker({ loc }: hbs.AST.Node, { file, expression }: Place): hbs.AST.MustacheStatement {
  const text = (value: string): hbs.AST.StringLiteral => ({
    type: 'StringLiteral',
    value,
    original: value,
    loc,
  });
  const { line } = loc.start;
  const number: hbs.AST.NumberLiteral = { type: 'NumberLiteral', value: line, original: line, loc };
  return {
    type: 'MustacheStatement',
    path: { type: 'PathExpression', data: false, depth: 0, parts: [placeOf], original: placeOf, loc },
    params: [text(file), number, text(expression)],
    hash: { type: 'Hash', pairs: [], loc },
    escaped: true,
    strip: { open: false, close: false },
    loc,
  };
}

const end = ({ loc }: hbs.AST.Node): hbs.AST.Statement & { value: string } => ({
  type: 'ContentStatement',
  value: traceEnd,
  loc,
});
