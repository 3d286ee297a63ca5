/**
 * The one lint rule of our own: a pure step takes its time and its chance as arguments, so that the same inputs give
 * the same page and a test needs no mock. `new Date(day)` is arithmetic and allowed; `new Date()` reads the clock.
 */
const message = 'This reads the clock or draws lots: take the time, or the value, as an argument.';
const readers = {
  Date: ['now'],
  Math: ['random'],
  performance: ['now', 'timeOrigin'],
  'Temporal.Now': [
    'instant',
    'plainDateISO',
    'plainDateTimeISO',
    'plainTimeISO',
    'timeZoneId',
    'zonedDateTimeISO',
  ],
};

const nameOf = (node) => {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression') return '';
  const property = node.computed ? node.property.value : node.property.name;
  return `${nameOf(node.object)}.${property}`;
};

const noClock = {
  create: (context) => ({
    NewExpression(node) {
      if (nameOf(node.callee) === 'Date' && node.arguments.length === 0) context.report({ node, message });
    },
    CallExpression(node) {
      const name = nameOf(node.callee);
      // croner's counts from now when it is given no day to count from.
      const countsFromNow = name.endsWith('.nextRun') && node.arguments.length === 0;
      if (name === 'Date' || countsFromNow) context.report({ node, message });
    },
    MemberExpression(node) {
      const [, object, property] = /^(.*)\.([^.]*)$/.exec(nameOf(node)) ?? [];
      if (readers[object]?.includes(property)) context.report({ node, message });
    },
  }),
};

export default { meta: { name: 'sitrep' }, rules: { 'no-clock': noClock } };
