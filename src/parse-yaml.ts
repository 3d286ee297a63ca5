import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type Fault, similarTo } from './errors.ts';

const absent = 'is missing';

/** What the most frequent mistakes are called, by the parser's code for them. */
const syntax: { readonly [code: string]: Pick<Fault, 'problem' | 'hint'> | undefined } = {
  BLOCK_AS_IMPLICIT_KEY: {
    problem: 'A value here has a colon and no quotes, or the line below is indented further than this one.',
    hint: 'Put the value in quotes, or indent the lines alike.',
  },
  MISSING_CHAR: {
    problem: 'A quote or bracket is not closed.',
    hint: 'Close it. It may begin many lines above.',
  },
  BAD_INDENT: {
    problem: 'The line is not indented like those that it belongs to, or a bracket is not closed.',
    hint: 'Indent it like them, or close the bracket.',
  },
  TAB_AS_INDENT: { problem: 'The line is indented with a tab.', hint: 'Use spaces.' },
  DUPLICATE_KEY: { problem: 'The key is here a second time.', hint: 'Remove one of them.' },
  UNEXPECTED_TOKEN: {
    problem: 'More text follows where a value has ended, for example at an apostrophe within single quotes.',
    hint: "Write two apostrophes there ('') or put the value in double quotes; or add the comma or colon that is missing.",
  },
  BAD_SCALAR_START: { problem: 'A value begins with a special character.', hint: 'Put the value in quotes.' },
  MULTILINE_IMPLICIT_KEY: {
    problem: 'The line has no colon, so it is no key with a value.',
    hint: 'Write "key: value", or indent the line if it continues the value above.',
  },
};
/** For other mistakes the parser's own words would not help. */
const wrongYaml = {
  problem: 'The line is not YAML.',
  hint: 'Compare it with the lines above: indentation, colons and quotes.',
};

/** Describes a zod issue in words for authors; `undefined` keeps zod's own message. */
function inWords(issue: { code?: string; input?: unknown; values?: unknown }): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return absent;
  if (issue.code === 'invalid_value' && Array.isArray(issue.values))
    return issue.input === undefined
      ? absent
      : `${JSON.stringify(issue.input)} is not one of ${issue.values.join(', ')}`;
  return undefined;
}

/**
 * Parses a YAML file by a schema, with `defaults` for keys that it lacks. Undefined if it has faults, which are added to
 * `faults`, each with its line, its key and, for an unknown key, the most similar one.
 */
export function parseYaml<S extends z.ZodType>(
  { file, text }: { readonly file: string; readonly text: string },
  schema: S,
  { faults, hint: where, defaults = {} }: { faults: Fault[]; hint: string; defaults?: object },
): z.output<S> | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // The others follow from the first.
  const [error] = document.errors;
  if (error !== undefined) {
    faults.push({ file, line: lines.linePos(error.pos[0]).line, ...(syntax[error.code] ?? wrongYaml) });
    return undefined;
  }

  const given: unknown = document.toJS();
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const parsed = schema.safeParse(isObject ? { ...defaults, ...given } : given, {
    error: inWords,
    reportInput: true,
  });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  /** Missing keys explained by a misspelt one: one mistake is one fault. */
  const misspelt = new Set<unknown>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const above = issue.path.join('.');
    const missing = issues.filter(
      ({ message, path }) => message === absent && path.slice(0, -1).join('.') === above,
    );
    for (const key of issue.keys) {
      const choices = missing.map(({ path }) => String(path.at(-1)));
      const unused = unusedKeys(schema, issue.path, issue.input);
      const meant = similarTo(key, choices) ?? similarTo(key, unused);
      const longer = unused.filter((each) => each.startsWith(`${key}_`));
      const others = longer.length > 0 ? `use one of: ${longer.join(', ')}` : 'correct its name';
      misspelt.add(missing.find(({ path }) => path.at(-1) === meant));
      const hint = meant === undefined ? `Remove it, or ${others}. ${where}` : `Did you mean "${meant}"?`;
      report([...issue.path, key], { problem: `There is no such key: "${key}".`, hint });
    }
  }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys' || misspelt.has(issue)) continue;
    const { input, message } = issue;
    const own: unknown = issue.code === 'custom' ? issue.params?.['hint'] : undefined;
    const found = typeof input === 'string' && message.startsWith('is not ') ? `"${input}" ` : '';
    report(issue.path, { problem: `${found}${message}.`, hint: typeof own === 'string' ? own : where });
  }
  return undefined;

  function report(keys: readonly PropertyKey[], fault: Pick<Fault, 'problem' | 'hint'>): void {
    const path = keys.map(String);
    const line = lineOf(document, lines, path);
    const field = path.length > 0 && { field: path.join('.') };
    faults.push({ file, ...(line !== undefined && { line }), ...field, ...fault });
  }
}

/** The part of JSON Schema that the schemas of our files use. */
const schemaNode = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).default([]),
  oneOf: z.array(z.unknown()).default([]),
});

/** The keys that are allowed at a place in the file but not used. */
function unusedKeys(schema: z.ZodType, path: readonly PropertyKey[], given: unknown): string[] {
  const used = typeof given === 'object' && given !== null ? given : {};
  const allowed = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return keysAt(allowed, path).filter((key) => !Object.hasOwn(used, key));
}

function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const node = schemaNode.safeParse(schema).data;
  if (node === undefined) return [];
  const { properties, additionalProperties, items, anyOf, oneOf } = node;
  const others = [...anyOf, ...oneOf].flatMap((each) => keysAt(each, path));
  const [key, ...rest] = path;
  if (key === undefined) return [...Object.keys(properties), ...others];
  const next = typeof key === 'number' ? items : (properties[String(key)] ?? additionalProperties);
  return [...keysAt(next, rest), ...others];
}

/** The line of a key in a YAML or JSON document, or of its nearest existing ancestor. */
export function lineOf(
  { contents }: Pick<Document, 'contents'>,
  lines: LineCounter,
  path: readonly string[],
): number | undefined {
  let node: unknown = contents;
  let place: unknown;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined) break;
      [place, node] = [pair.key, pair.value];
    } else if (isSeq(node) && node.items[Number(step)] !== undefined) {
      node = node.items[Number(step)];
      place = node;
    } else break;
  }
  return isNode(place) && place.range ? lines.linePos(place.range[0]).line : undefined;
}
