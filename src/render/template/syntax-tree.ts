/** Parts of Handlebars' syntax tree, for checks and for the calls that are added to it. */

export const isPath = (node: hbs.AST.Node): node is hbs.AST.PathExpression => node.type === 'PathExpression';
export const isText = (node: hbs.AST.Node): node is hbs.AST.StringLiteral => node.type === 'StringLiteral';
export const isMustache = (node: hbs.AST.Node): node is hbs.AST.MustacheStatement =>
  node.type === 'MustacheStatement';
export const isContent = (node: hbs.AST.Node): node is hbs.AST.ContentStatement =>
  node.type === 'ContentStatement';
export const isPartial = (
  node: hbs.AST.Node,
): node is hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement =>
  node.type === 'PartialStatement' || node.type === 'PartialBlockStatement';

/** The named arguments of a call. */
export const pairsOf = ({ hash }: { readonly hash: hbs.AST.Hash }): hbs.AST.HashPair[] =>
  // The types omit that a call may have none.
  (hash as hbs.AST.Hash | undefined)?.pairs ?? [];

export const literal = (value: string, { loc }: hbs.AST.Node): hbs.AST.StringLiteral => ({
  type: 'StringLiteral',
  value,
  original: value,
  loc,
});

/** The file and line of a node, as arguments. */
export const placeIn = (file: string, node: hbs.AST.Node): hbs.AST.Expression[] => {
  const { loc } = node;
  const line = { type: 'NumberLiteral', value: loc.start.line, original: loc.start.line, loc } as const;
  return [literal(file, node), line];
};

/** The call of a helper as an argument, in the place of a node. */
export const callOf = (
  helper: string,
  { loc }: hbs.AST.Node,
  params: hbs.AST.Expression[],
): hbs.AST.SubExpression => {
  const name = { data: false, depth: 0, parts: [helper], original: helper, loc };
  const path: hbs.AST.PathExpression = { type: 'PathExpression', ...name };
  return { type: 'SubExpression', path, params, hash: { type: 'Hash', pairs: [], loc }, loc };
};

/** The same as a statement. */
export const statementOf = (...call: Parameters<typeof callOf>): hbs.AST.MustacheStatement => ({
  ...callOf(...call),
  type: 'MustacheStatement',
  escaped: true,
  strip: { open: false, close: false },
});
