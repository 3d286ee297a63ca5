import { type Fault, similarTo } from '../errors.ts';

/** Properties that make Vega load something, link out of the page, or add their own data. */
const forbiddenKeys = new Set(['url', 'href', 'usermeta', 'loader', 'datasets']);
const impureCall = /\b(?:now|random|sample(?:Normal|LogNormal|Uniform))\s*\(/;

/** Functions whose output size is an argument. */
const boundlessCall = /\b(?:sequence|pad|repeat)\s*\(/;
/** A drawing cannot show more steps than this, and a spec with too many would never finish. */
const mostSteps = 10_000;
const counts = new Set(['tickCount', 'maxbins', 'bins', 'steps', 'count']);

/** The number of steps that a property requests. */
function stepsOf(key: string, value: unknown): number {
  if (counts.has(key)) return typeof value === 'number' ? value : 0;
  if (typeof value !== 'object' || value === null) return 0;
  const { start = 0, stop, step = 1 } = { stop: undefined, ...value } as { [name: string]: unknown };
  if (key === 'sequence' || key === 'keyvals') {
    if (stop === undefined) return 0;
    const steps = Math.abs((Number(stop) - Number(start)) / Number(step));
    // A signal or a step of zero gives no known number of steps.
    return Number.isNaN(steps) ? Infinity : steps;
  }
  if (key !== 'graticule') return 0;
  const finest = [step, Reflect.get(value, 'stepMinor'), Reflect.get(value, 'stepMajor')]
    .flat()
    .filter((each) => typeof each === 'number');
  return 360 / Math.min(...finest, 360);
}

/** Finds forbidden contents of a chart spec, and data sets that it names but does not receive. */
export function checkSpec(
  spec: object,
  { file, given }: { file: string; given: readonly string[] },
): Fault[] {
  const faults: Fault[] = [];
  const named = new Set<string>();
  const own = new Set<string>();
  let isLoaded = false;
  const report = (field: string, problem: string, hint: string): void => {
    faults.push({ file, field, problem, hint });
  };

  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`);
      return;
    }
    if (typeof value === 'string' && impureCall.test(value)) impure(path);
    if (typeof value === 'string' && boundlessCall.test(value)) boundless(path);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      const here = path === '' ? key : `${path}.${key}`;
      if (forbiddenKeys.has(key))
        report(here, `Charts may not use "${key}".`, 'Use a query of the brief, under data, instead.');
      if (key === 'sample') impure(here);
      if (stepsOf(key, item) > mostSteps) boundless(here);
      if ((key === 'mark' || key === 'type') && item === 'image')
        report(here, 'Charts may not show images.', 'Use another mark.');
      if (key === 'data' && typeof item === 'object' && item !== null) collectData(item, here);
      walk(item, here);
    }
  };
  const boundless = (field: string): void =>
    report(
      field,
      `Charts may not have more than ${mostSteps.toLocaleString('en-GB')} steps, or repeat something in an expression.`,
      'Use fewer steps, or generate the rows in a query.',
    );
  const impure = (field: string): void =>
    report(
      field,
      'Charts may not use the current time or random numbers: the same rows must give the same drawing.',
      'Compute the value in a query.',
    );
  const collectData = (data: object, field: string): void => {
    if ('sequence' in data || 'graticule' in data || 'sphere' in data) {
      if ('name' in data) own.add(String(data.name));
    } else if ('name' in data && !('values' in data)) named.add(String(data.name));
    else if ('url' in data) isLoaded = true;
    else report(field, 'The spec contains its own data.', 'Refer to data by name: { "name": "…" }.');
  };

  walk(spec, '');
  // A data set loaded from an address replaces one from the brief: that is one fault, not two.
  const unused = new Set(isLoaded ? [] : given.filter((name) => !named.has(name)));
  for (const name of named) {
    if (given.includes(name) || own.has(name)) continue;
    // Report a misspelt name once, without also reporting the intended name as unused.
    const meant = similarTo(name, unused);
    if (meant !== undefined) unused.delete(meant);
    report(
      'data.name',
      `The spec uses data "${name}", which the brief does not provide.`,
      meant === undefined
        ? `Add it to the data of the chart in brief.yaml, or use one of ${given.join(', ')}.`
        : `Did you mean "${meant}"?`,
    );
  }
  for (const name of unused)
    report(
      'data',
      `The brief provides data "${name}", which the spec does not use.`,
      'Remove it from brief.yaml, or use it.',
    );
  return faults;
}

/**
 * Puts all time in a compiled spec into UTC: scales, time units and formats. Otherwise Vega-Lite uses the machine's
 * time zone, and dates in rows have none.
 */
export function inUtc(compiled: unknown): unknown {
  if (typeof compiled === 'string') return compiled.replaceAll(/\btime(Format|Parse)(?=\s*\()/g, 'utc$1');
  if (Array.isArray(compiled)) return compiled.map(inUtc);
  if (typeof compiled !== 'object' || compiled === null) return compiled;
  const { type, domain, formatType }: { [key: string]: unknown } = { ...compiled };
  return {
    ...Object.fromEntries(Object.entries(compiled).map(([key, value]) => [key, inUtc(value)])),
    ...(type === 'time' && domain !== undefined && { type: 'utc' }),
    ...(type === 'timeunit' && { timezone: 'utc' }),
    ...(formatType === 'time' && { formatType: 'utc' }),
  };
}
