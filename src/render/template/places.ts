import { callOf, isContent, isMustache, literal, pairsOf, placeIn, statementOf } from './syntax-tree.ts';

/** The helper that marks what an expression prints, or a value within a message, for explaining a page. */
export const valueOf = 'value to print';

/** The statements of a program, in which each expression that prints text is marked with its original text. */
export function markPlaces(
  body: readonly hbs.AST.Statement[],
  { file, lines }: { file: string; lines: readonly string[] },
): hbs.AST.Statement[] {
  const marked = (
    node: hbs.AST.Node,
    { expression, value }: { expression: string; value: hbs.AST.Expression },
  ): Parameters<typeof callOf> => [valueOf, node, [...placeIn(file, node), literal(expression, node), value]];
  let inTag = false;
  return body.map((statement) => {
    if (isContent(statement)) {
      // Handlebars' types declare `original` with the type of another property.
      const original = String(statement.original);
      const [opens, closes] = [original.lastIndexOf('<'), original.lastIndexOf('>')];
      if (opens !== closes) inTag = opens > closes;
    }
    if (!isMustache(statement) || inTag) return statement;
    const expression = textBetween(lines, statement.loc).replaceAll(/^\{\{~?\s*|\s*~?\}\}$/g, '');
    // A mark inside a style sheet would become part of it.
    if (/^(?:style-sheet|css-string|css-t)\b/.test(expression)) return statement;
    const { path, params, hash, loc } = statement;
    // The values of a message, `{{t "key" name=value}}`.
    for (const pair of 'original' in path && path.original === 't' ? pairsOf(statement) : []) {
      const { value } = pair;
      const written = textBetween(lines, value.loc).replaceAll(/^\(\s*|\s*\)$/g, '');
      pair.value = callOf(...marked(value, { expression: written, value }));
    }
    const value = { type: 'SubExpression', path, params, hash, loc } as const;
    return statementOf(...marked(statement, { expression, value }));
  });
}

function textBetween(lines: readonly string[], { start, end }: hbs.AST.SourceLocation): string {
  const rows = lines.slice(start.line - 1, end.line);
  return rows
    .map((row, index) =>
      row.slice(index === 0 ? start.column : 0, index === rows.length - 1 ? end.column : undefined),
    )
    .join(' ');
}
