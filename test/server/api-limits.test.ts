import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { openHouse } from '../support/house.ts';
import { delivering } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { openWeb, type Web } from '../support/web.ts';

/** What is too much, too long or not HTTP at all, and that it harms no other. */
const ledgers = useLedgers();

async function withWeb(work: (web: Web) => Promise<void>, options: Parameters<typeof openWeb>[1] = {}) {
  await using ledger = await (await ledgers.fresh()).open();
  await delivering(ledger);
  await using web = await openWeb(await openHouse(ledger), options);
  await work(web);
}
const asked = '/api/briefs/weekly/editions';

test('each refusal is a problem with a code of its own', async () => {
  await withWeb(async (web) => {
    const post = (body: string, headers = {}) => web.ask(asked, { method: 'POST', body, headers });
    expect(await post('x'.repeat(20_000))).toMatchObject({ status: 413, json: { code: 'body-too-large' } });
    expect(await post('{')).toMatchObject({ status: 400, json: { code: 'request-invalid' } });
    expect(await post('')).toMatchObject({ status: 400, json: { code: 'request-invalid' } });
    expect(await post('<a/>', { 'content-type': 'text/xml' })).toMatchObject({
      status: 415,
      json: { code: 'media-type-unknown' },
    });
    expect(await web.ask('/api/briefs', { method: 'DELETE' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
      json: { code: 'method-not-allowed' },
    });
    expect(await web.ask(asked)).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(await web.ask('/api/nothing')).toMatchObject({ status: 404, json: { code: 'not-found' } });
    for (const path of ['/api/briefs/%zz', `/api/briefs/${'a'.repeat(900)}`])
      expect(await web.ask(path)).toMatchObject({
        headers: { 'content-type': 'application/problem+json' },
        json: { code: 'request-invalid' },
      });
    // A browser is told the same, while there are no pages.
    const told = await web.ask('/nothing', { headers: { accept: 'text/html' } });
    expect(told.headers['content-type']).toBe('application/problem+json');
  });
});

test('answers input that is not HTTP, and endless headers, with an error', async () => {
  await withWeb(async (web) => {
    const say = async (text: string) => {
      const socket = connect(web.port, '127.0.0.1');
      socket.end(text);
      return Buffer.concat(await socket.toArray()).toString();
    };
    expect(await say('GARBAGE\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 Bad Request\r\n[^]*"code":"request-invalid"/,
    );
    expect(await say(`GET / HTTP/1.1\r\nhost: localhost\r\na: ${'b'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 [^]*"code":"headers-too-large"/,
    );
  });
});

test('clients that neither finish asking nor read the answer keep no other waiting', async () => {
  await withWeb(async (web) => {
    const sockets: Socket[] = [];
    try {
      for (let each = 0; each < 40; each += 1) {
        const socket = connect(web.port, '127.0.0.1');
        sockets.push(socket);
        await once(socket, 'connect');
        socket.pause();
        const head = `HTTP/1.1\r\nhost: localhost\r\ncookie: ${web.cookie}\r\nsec-fetch-site: same-origin\r\n`;
        if (each % 2 === 0) socket.write(`POST ${asked} ${head}content-length: 900\r\n\r\n{"asOf":`);
        // Asked again and again for what is large, and never read.
        else socket.write(`GET /openapi.json ${head}\r\n`.repeat(50));
      }
      for (let each = 0; each < 20; each += 1)
        expect(await web.ask('/api/editions')).toMatchObject({ status: 200 });
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

test('answers a request that does not arrive in time with an error, whether its head or its body is late', async () => {
  await withWeb(
    async (web) => {
      const begin = async (text: string) => {
        const socket = connect(web.port, '127.0.0.1');
        socket.write(text);
        return Buffer.concat(await socket.toArray()).toString();
      };
      const head = `POST ${asked} HTTP/1.1\r\nhost: localhost\r\ncookie: ${web.cookie}\r\nsec-fetch-site: same-origin\r\n`;
      const json = 'content-type: application/json\r\ncontent-length: 900\r\n\r\n{"asOf":';
      for (const told of await Promise.all([begin(head), begin(`${head}${json}`)]))
        expect(told).toMatch(
          /^HTTP\/1.1 408 Request Timeout\r\ncontent-type: application\/problem\+json\r\n[^]*"code":"request-too-slow"/,
        );
      expect((await web.ask('/api/editions')).json.items).toHaveLength(1);
    },
    { arriveMs: 200 },
  );
});

test('a process that comes too late to what is due turns work away, but says that it lives', async () => {
  await withWeb(
    async (web) => {
      let isBusy = true;
      const work = (): void => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        if (isBusy) setImmediate(work);
      };
      const statusOf = async (path: string) => (await web.ask(path)).status;
      try {
        setImmediate(work);
        await expect.poll(() => statusOf('/api/briefs'), { timeout: 300_000 }).toBe(503);
        expect(await web.ask('/api/briefs')).toMatchObject({
          headers: { 'content-type': 'application/problem+json', 'retry-after': '10' },
          json: { code: 'too-busy', hint: 'Try again later.' },
        });
        expect(await statusOf('/healthz')).toBe(200);
      } finally {
        isBusy = false;
      }
      await expect.poll(() => statusOf('/api/briefs'), { timeout: 300_000 }).toBe(200);
    },
    { mostDelayMs: 200 },
  );
});

test('no more streams of events are open at once than may be', async () => {
  await withWeb(async (web) => {
    await web.ask(asked, { method: 'POST', body: { asOf: '2021-08-15' } });
    const path = '/api/editions/weekly/2021-08-15/events';
    const open = await Promise.all(Array.from({ length: 100 }, () => web.begin(path)));
    try {
      expect(open.map(({ statusCode }) => statusCode)).toEqual(open.map(() => 200));
      const refused = await web.ask(path);
      expect(refused).toMatchObject({ status: 503, json: { code: 'too-busy' } });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    } finally {
      for (const stream of open) stream.destroy();
    }
    await expect.poll(async () => (await web.begin(path)).statusCode, { timeout: 300_000 }).toBe(200);
  });
});

test('an edition is found by its name even if the name contains URL delimiters', async () => {
  await withWeb(async (web) => {
    const wish = { asOf: '2021-08-15', parameters: { actor: 'a/b %,=~é' } };
    const { status, headers, json } = await web.ask('/api/briefs/actor-sheet/editions', {
      method: 'POST',
      body: wish,
    });
    expect(status).toBe(202);
    expect(json.id).toBe('actor-sheet/2021-08-15-actor=a%2Fb%20%25%2C%3D%7E%C3%A9');
    expect((await web.ask(headers.location ?? '')).json.id).toBe(json.id);
  });
});

test('the pages have the rest of the addresses, and show problems to browsers', async () => {
  const pages = () =>
    Promise.resolve({
      routes: (app: FastifyInstance) => {
        app.get('/', (_request, reply) => reply.type('text/html').send('<p>front'));
        app.get('/login', { config: { open: true } }, (_request, reply) =>
          reply.type('text/html').send('<p>login'),
        );
      },
      problemPage: ({ code }: { code: string }) => `<p>${code}`,
    });
  const accept = { accept: 'text/html,*/*' };
  await withWeb(
    async (web) => {
      expect((await web.ask('/', { headers: accept })).text).toBe('<p>front');
      expect(await web.ask('/nothing', { headers: accept })).toMatchObject({
        status: 404,
        text: '<p>not-found',
      });
      expect((await web.ask('/api/nothing', { headers: accept })).json.code).toBe('not-found');
      expect((await web.ask('/nothing')).json.code).toBe('not-found');
    },
    { pages },
  );
  await withWeb(
    async (web) => {
      expect(await web.ask('/editions?a=b', { headers: accept })).toMatchObject({
        status: 303,
        headers: { location: '/login?next=%2Feditions%3Fa%3Db' },
      });
      expect((await web.ask('/login', { headers: accept })).text).toBe('<p>login');
    },
    { pages, stranger: true },
  );
});
