import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { RefreshContext } from '../../src/refresh/refresh.ts';
import { newFeed, newPublisher } from '../support/feed.ts';
import { acledEvent, csv } from '../support/incidents.ts';

const rows = (...ids: string[]) => csv(ids.map((id) => acledEvent({ event_id_cnty: id })));

/** A dataset whose only source is `url`, and a server. */
async function newDownload(sourceOf: (publisher: Awaited<ReturnType<typeof newPublisher>>) => object) {
  const publisher = await newPublisher();
  const feed = await newFeed({ sources: [{ name: 'feed', format: 'acled', ...sourceOf(publisher) }] });
  const refresh = async (knownOn?: string, context: Partial<RefreshContext> = {}) => {
    const [outcome] = await feed.refresh(knownOn, { ...publisher.reach, ...context });
    return outcome;
  };
  return { ...feed, publisher, refresh };
}

test('an address is fetched, and named in the record without its query', async () => {
  const { refresh, publisher } = await newDownload(({ at }) => ({ url: at('/a.csv?key=1', rows('A', 'B')) }));
  expect(await refresh()).toMatchObject({
    outcome: 'imported',
    counts: { new: 2 },
    record: { feed: 'feed', files: [{ name: 'feed.csv' }] },
  });
  expect(publisher.requests.map(({ path }) => path)).toEqual(['/a.csv?key=1']);
});

test('a packed answer is unpacked', async () => {
  const { refresh } = await newDownload(({ at }) => ({
    url: at('/a.csv', (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(rows('A')));
    }),
  }));
  expect(await refresh()).toMatchObject({ outcome: 'imported', counts: { new: 1 } });
});

test('an answer is asked for on the condition that it has changed', async () => {
  const {
    refresh,
    publisher,
    rows: stored,
    declare,
  } = await newDownload(({ at }) => ({
    url: at('/a.csv', ({ headers }, response) => {
      if (
        headers['if-none-match'] === '"1"' &&
        headers['if-modified-since'] === 'Mon, 01 Apr 2024 00:00:00 GMT'
      )
        response.writeHead(304).end();
      else
        response
          .writeHead(200, { etag: '"1"', 'last-modified': 'Mon, 01 Apr 2024 00:00:00 GMT' })
          .end(rows('A'));
    }),
  }));
  expect(await refresh()).toMatchObject({ outcome: 'imported' });
  expect(await refresh('2024-04-02')).toEqual({
    source: 'feed',
    outcome: 'unchanged',
    checkedOn: '2024-04-02',
  });
  expect(await refresh('2024-04-03')).toMatchObject({ outcome: 'unchanged' });
  expect(publisher.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
    undefined,
    '"1"',
    '"1"',
  ]);
  // With other settings, the same file may mean something else.
  await declare({
    sources: [
      { name: 'feed', format: 'acled', complete: true, url: `https://127.0.0.1:${publisher.port}/a.csv` },
    ],
  });
  expect(await refresh('2024-04-04')).toMatchObject({ outcome: 'unchanged', counts: { unchanged: 1 } });
  expect(publisher.requests[3]?.headers['if-none-match']).toBeUndefined();
  expect(await stored('id')).toEqual([{ id: 'ACLED-A' }]);
});

test('the same content is not imported again if the server knows no conditions', async () => {
  const { refresh } = await newDownload(({ at }) => ({ url: at('/a.csv', rows('A')) }));
  expect(await refresh()).toMatchObject({ outcome: 'imported' });
  expect(await refresh('2024-04-02')).toEqual({
    source: 'feed',
    outcome: 'unchanged',
    checkedOn: '2024-04-02',
  });
});

test('a redirect to the same server keeps the credentials, and one to another drops them', async () => {
  const other = await newPublisher();
  const target = other.at('/b.csv', rows('B'));
  const { refresh, publisher } = await newDownload(({ at }) => ({
    url: at('/a.csv', (_, response) => void response.writeHead(302, { location: '/next' }).end()),
    headers: { Authorization: { env: 'SITREP_SOURCE_KEY', prefix: 'Bearer ' } },
  }));
  publisher.at('/next', (_, response) => void response.writeHead(307, { location: target }).end());
  const variables = { SITREP_SOURCE_KEY: 'secret-1' };
  expect(await refresh('2024-04-01', { variables })).toMatchObject({ outcome: 'imported' });
  expect(publisher.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer secret-1',
    'Bearer secret-1',
  ]);
  expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

describe('a source that fails leaves the dataset byte for byte as it was', () => {
  const redirect = (location: string, status = 302) =>
    [(_: unknown, response) => void response.writeHead(status, { location }).end()] satisfies [
      Parameters<Awaited<ReturnType<typeof newPublisher>>['at']>[1],
    ];
  type Answer = Parameters<Awaited<ReturnType<typeof newPublisher>>['at']>[1];
  const answering =
    (status: number, headers: { [name: string]: string } = {}, body: string | Buffer = ''): Answer =>
    (_, response) =>
      void response.writeHead(status, headers).end(body);
  const good = rows('A', 'B', 'C');

  test.each<[string, Answer, { reason: string; problem: RegExp; retryAfterSeconds?: number }, object?]>([
    ['500', answering(500), { reason: 'status', problem: /HTTP 500/ }],
    ['404', answering(404), { reason: 'status', problem: /HTTP 404/ }],
    ['204', answering(204), { reason: 'status', problem: /HTTP 204/ }],
    ['304 that was not asked for', answering(304), { reason: 'status', problem: /HTTP 304/ }],
    [
      '429 with a time to wait',
      answering(429, { 'retry-after': '120' }),
      { reason: 'status', problem: /HTTP 429/, retryAfterSeconds: 120 },
    ],
    [
      '503 until a date',
      answering(503, {
        date: 'Mon, 01 Apr 2024 00:00:00 GMT',
        'retry-after': 'Mon, 01 Apr 2024 01:00:00 GMT',
      }),
      { reason: 'status', problem: /HTTP 503/, retryAfterSeconds: 3600 },
    ],
    ['slow headers', () => {}, { reason: 'timeout', problem: /took more than 1 s/ }, { timeoutSeconds: 1 }],
    [
      'a slow body',
      (_, response) => {
        response.writeHead(200);
        response.write(good);
      },
      { reason: 'timeout', problem: /took more than 1 s/ },
      { timeoutSeconds: 1 },
    ],
    [
      'half a file',
      (_, response) => {
        response.writeHead(200, { 'content-length': String(good.length * 2) });
        response.write(good, () => response.destroy());
      },
      { reason: 'truncated', problem: /ended before the file did/ },
    ],
    [
      'half a packed file',
      answering(200, { 'content-encoding': 'gzip' }, gzipSync(good).subarray(0, 100)),
      { reason: 'truncated', problem: /ended before the file did/ },
    ],
    [
      'no answer at all',
      (request) => request.socket.destroy(),
      { reason: 'down', problem: /cannot be reached \(ECONNRESET\)/ },
    ],
    [
      'too large, and says so',
      answering(200, {}, good),
      { reason: 'too-large', problem: /larger than 100 bytes/ },
      { maxBytes: 100 },
    ],
    [
      'too large without saying so',
      (_, response) => {
        response.writeHead(200);
        response.write(good);
        response.end(good);
      },
      { reason: 'too-large', problem: /larger than 100 bytes/ },
      { maxBytes: 100 },
    ],
    [
      'small, and too large once unpacked',
      answering(200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(50_000_000))),
      { reason: 'too-large', problem: /larger than 1,000,000 bytes/ },
      { maxBytes: 1_000_000 },
    ],
    [
      'packed otherwise',
      answering(200, { 'content-encoding': 'br' }, good),
      { reason: 'wrong-shape', problem: /packed as br/ },
    ],
    [
      'a login page',
      answering(200, { 'content-type': 'text/html; charset=utf-8' }, '<p>Log in</p>'),
      { reason: 'wrong-shape', problem: /web page.*login/ },
    ],
    [
      'a login page that is called CSV',
      answering(200, { 'content-type': 'text/csv' }, '\n<!DOCTYPE html><p>Log in</p>'),
      { reason: 'wrong-shape', problem: /web page.*login/ },
    ],
    [
      'another schema',
      answering(200, {}, 'a,b\n1,2\n'),
      { reason: 'wrong-shape', problem: /not an ACLED export/ },
    ],
    ['a redirect to itself', ...redirect('/a.csv'), { reason: 'status', problem: /more than 5 times/ }],
    ['a redirect to nowhere', ...redirect('https://'), { reason: 'status', problem: /or to no address/ }],
    [
      'a redirect to http',
      ...redirect('http://example.org/'),
      { reason: 'refused-address', problem: /without https/ },
    ],
    [
      'a redirect to a private address',
      ...redirect('https://10.0.0.1/x'),
      { reason: 'refused-address', problem: /leads to 10\.0\.0\.1, which is not at a public address/ },
    ],
    [
      'a redirect to the metadata of a cloud',
      ...redirect('https://169.254.169.254/latest/meta-data', 308),
      { reason: 'refused-address', problem: /169\.254\.169\.254/ },
    ],
  ])('%s', async (_, answer, { reason, problem, retryAfterSeconds }, settings = {}) => {
    const feed = await newDownload(({ at }) => ({ url: at('/a.csv', answer), ...settings }));
    const before = await feed.files();
    const outcome = await feed.refresh();
    expect(outcome).toMatchObject({ outcome: 'failed', reason });
    expect(outcome?.faults?.map((fault) => fault.problem).join('\n')).toMatch(problem);
    expect(outcome?.faults?.[0]?.file).toBe(`https://127.0.0.1:${feed.publisher.port}/a.csv`);
    expect(outcome?.retryAfterSeconds).toBe(retryAfterSeconds);
    expect(await feed.files()).toEqual(before);
    expect(await readdir(join(feed.folder, 'cache/refresh'))).toEqual([]);
  });

  test('a server that is slow to answer', async () => {
    const { refresh } = await newDownload(({ at }) => ({ url: at('/a.csv', () => {}) }));
    expect(await refresh('2024-04-01', { headersMs: 50 })).toMatchObject({
      reason: 'timeout',
      faults: [{ problem: 'did not answer within 0.05 s.' }],
    });
  });

  test('a download that is stopped', async () => {
    const stop = new AbortController();
    const { refresh, files, folder } = await newDownload(({ at }) => ({
      url: at('/a.csv', (_, response) => {
        response.writeHead(200);
        response.write(good, () => stop.abort(new Error('Stopped.')));
      }),
    }));
    const before = await files();
    await expect(refresh('2024-04-01', { signal: stop.signal })).rejects.toThrow('Stopped.');
    expect(await files()).toEqual(before);
    expect(await readdir(join(folder, 'cache/refresh'))).toEqual([]);
  });

  test('a server whose certificate is not trusted', async () => {
    const { refresh } = await newDownload(({ at }) => ({ url: at('/a.csv', good) }));
    expect(await refresh('2024-04-01', { ca: undefined })).toMatchObject({
      reason: 'down',
      faults: [{ problem: 'cannot be reached (DEPTH_ZERO_SELF_SIGNED_CERT).' }],
    });
  });
});

describe('addresses', () => {
  test.each(['https://localhost', 'https://127.0.0.1', 'https://[::1]', 'https://2130706433', 'https://0'])(
    '%s is refused before anything is sent',
    async (origin) => {
      const { refresh, publisher } = await newDownload(({ port }) => ({ url: `${origin}:${port}/a.csv` }));
      expect(await refresh('2024-04-01', { isAllowed: undefined })).toMatchObject({
        outcome: 'failed',
        reason: 'refused-address',
      });
      expect(publisher.requests).toEqual([]);
    },
  );

  test('a redirect to a name at a loopback address is refused', async () => {
    const { refresh, publisher } = await newDownload(({ at, port }) => ({
      url: at('/a.csv', (_, response) => {
        response.writeHead(302, { location: `https://localhost:${port}/b.csv` }).end();
      }),
    }));
    expect(await refresh('2024-04-01', { isAllowed: () => publisher.requests.length === 0 })).toMatchObject({
      reason: 'refused-address',
    });
    expect(publisher.requests).toHaveLength(1);
  });
});

describe('credentials', () => {
  const headers = { Authorization: { env: 'SITREP_SOURCE_KEY' } };

  test('a variable that is not set is named, and nothing is sent', async () => {
    const { refresh, publisher } = await newDownload(({ at }) => ({ url: at('/a.csv', rows('A')), headers }));
    expect(await refresh()).toMatchObject({
      reason: 'credentials',
      faults: [{ problem: 'the variable SITREP_SOURCE_KEY is not set.' }],
    });
    expect(publisher.requests).toEqual([]);
  });

  test.each(['two\nlines', 'snow\u2603man'])(
    'a value that no header can have is not repeated: %j',
    async (value) => {
      const { refresh } = await newDownload(({ at }) => ({ url: at('/a.csv', rows('A')), headers }));
      const outcome = await refresh('2024-04-01', { variables: { SITREP_SOURCE_KEY: value } });
      expect(outcome).toMatchObject({ reason: 'credentials' });
      expect(JSON.stringify(outcome)).not.toMatch(/two|lines|man/);
    },
  );

  test('no file of the dataset has them', async () => {
    const { refresh, into } = await newDownload(({ at }) => ({ url: at('/a.csv', rows('A')), headers }));
    const value = createHash('sha256').update('a secret').digest('hex');
    const outcome = await refresh('2024-04-01', { variables: { SITREP_SOURCE_KEY: value } });
    expect(outcome).toMatchObject({ outcome: 'imported' });
    expect(JSON.stringify(outcome)).not.toContain(value);
    const files = (await readdir(into, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['sources.json', 'checks.csv', 'import.json']),
    );
    for (const { parentPath, name } of files)
      expect(await readFile(join(parentPath, name), 'latin1')).not.toContain(value);
  });
});
