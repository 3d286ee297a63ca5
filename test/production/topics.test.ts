import { expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { runQuery } from '../../src/production/run-query.ts';
import type { Brief } from '../../src/project/brief.ts';
import { openQueries } from '../../src/query/database.ts';
import { findBrief, loadProduct, renderEdition, withBrief } from '../support/product.ts';

const product = await loadProduct();
const { dataset } = product;
const weekly = findBrief(product, 'weekly');
/** A brief with the shared queries, which has no gaps or bottom line of its own. */
const shared = findBrief(product, 'celebrations');
const onTopics = (topics: 'all' | readonly string[], brief = shared): Brief => ({
  ...brief,
  config: { ...brief.config, topic: undefined, topics: topics === 'all' ? topics : [...topics] },
});
const rowsOf = (brief: Brief, query: string) =>
  runQuery(
    { brief, dataset, asOf: '2021-08-25', query, given: {} },
    { openQueries, signal: new AbortController().signal },
  );
const topicOf = new Map(
  [dataset.tables.gaps, dataset.tables.indicators, dataset.tables.judgments].flatMap((rows) =>
    rows.map(({ id, topic }) => [id, topic]),
  ),
);
const topicsIn = async (brief: Brief, query: string) =>
  new Set((await rowsOf(brief, query)).map(({ id }) => topicOf.get(String(id))));

test('shared queries select the rows of each topic of a brief, and of no other', async () => {
  const some = onTopics(['ties', 'isis']);
  for (const query of ['gaps', 'indicators', 'key_judgments'])
    expect([query, await topicsIn(some, query)]).toEqual([query, new Set(['ties', 'isis'])]);
  expect(await topicsIn(onTopics(['celebrations']), 'gaps')).toEqual(new Set(['celebrations']));
  expect((await topicsIn(onTopics('all'), 'gaps')).size).toBe(3);
});

test('one topic in a list is the same as that topic, and all of them the same as "all"', async () => {
  const asWritten = (topic: string): Brief => ({
    ...shared,
    config: { ...shared.config, topics: undefined, topic },
  });
  for (const query of ['gaps', 'key_judgments', 'bottom_line', 'headline', 'names', 'caveats']) {
    expect(await rowsOf(onTopics(['isis']), query)).toEqual(await rowsOf(asWritten('isis'), query));
    expect(await rowsOf(onTopics('all'), query)).toEqual(await rowsOf(asWritten('all'), query));
  }
});

test('coverage and changes are those of the topics of the brief', async () => {
  const htmlOn = async (topics: 'all' | readonly string[]) => {
    const changed = withBrief(product, 'weekly', () => onTopics(topics, weekly));
    return (await renderEdition(changed, { brief: 'weekly', asOf: '2021-08-16' })).html;
  };
  const notice = (html: string) => /<div class="coverage"[^]*?<b>([^<]*):<\/b>/.exec(html)?.[1];
  const [some, all] = [await htmlOn(['ties', 'isis']), await htmlOn('all')];
  expect(notice(all)).toMatch(/jihadist reactions/i);
  expect(notice(some)).not.toMatch(/jihadist reactions/i);
  expect(notice(some)).toMatch(/ties/i);
});

test('a topic that the dataset does not have is a fault that names the nearest one', async () => {
  const error: unknown = await rowsOf(onTopics(['ties', 'isys']), 'gaps').catch((cause: unknown) => cause);
  if (!(error instanceof AppError)) throw error;
  expect(error.faults).toEqual([
    {
      file: shared.definition.file,
      field: 'topics.1',
      problem: 'The dataset has no topic "isys".',
      hint: 'Did you mean "isis"?',
    },
  ]);
});
