import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import type { Message, Receipt } from '../../src/delivery/message.ts';
import { webhookDelivery } from '../../src/delivery/webhook.ts';
import { bareServer } from '../support/mail-server.ts';
import {
  byMail,
  byWebhook,
  corrected,
  enclosed,
  never,
  notice,
  message,
  samplePdf,
} from '../support/message.ts';
import { locale } from '../support/locale.ts';

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;

interface Call {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
/** A real server on a port of its own, and the calls that it received. */
async function receiver(
  respond: (response: ServerResponse) => void = (response) => response.writeHead(204).end(),
): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        calls.push({ headers: request.headers, body });
        respond(response);
        return undefined;
      },
      () => {},
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/token-in-path`, calls };
}
const call = (
  url: string,
  {
    what = message(),
    signal = never,
    ...limits
  }: { what?: Message; signal?: AbortSignal; timeoutMs?: number; maxInlineBytes?: number } = {},
): Promise<Receipt> => {
  // The library that checks the signature refuses what was signed long ago, by the real clock.
  const deliver = webhookDelivery({ secret, hosts: [] }, { now: () => new Date(), locale, ...limits });
  return deliver(what, { target: byWebhook(url), signal });
};

test('the request is signed and contains the edition', async () => {
  const { url, calls } = await receiver();
  expect(await call(url)).toEqual({ outcome: 'sent', reason: 'HTTP 204' });
  const [{ headers, body } = { headers: {}, body: '' }] = calls;
  const payload = new Webhook(secret).verify(body, headers as Record<string, string>);
  expect(payload).toEqual({
    kind: 'edition',
    edition: 'weekly/2021-08-22',
    brief: 'weekly',
    title: 'Weekly brief',
    issue: '2021-W33',
    asOf: '2021-08-22',
    marking: 'TLP:CLEAR',
    paragraphs: ['Nobody claimed an attack.', 'Silence & pause < 10 days.'],
    pdf: {
      name: 'weekly-2021-08-22.pdf',
      sha256: message().pdf?.sha256,
      bytes: samplePdf.length,
      url: null,
      contentBase64: Buffer.from(samplePdf).toString('base64'),
    },
    revision: 1,
    replaces: null,
    correctedAsOf: null,
    changes: [],
  });
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'idempotency-key': 'b1f0c0de-0001',
    'webhook-id': 'b1f0c0de-0001',
  });
  const other = `whsec_${Buffer.from('another secret of 24 bytes').toString('base64')}`;
  expect(() => new Webhook(other).verify(body, headers as Record<string, string>)).toThrow('signature');
  expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow(
    'signature',
  );
});

test('a correction contains the id of the edition that it replaces', async () => {
  const { url, calls } = await receiver();
  await call(url, { what: corrected() });
  expect(JSON.parse(calls[0]?.body ?? '')).toMatchObject({
    edition: 'weekly/2021-08-22-r2',
    revision: 2,
    replaces: 'weekly/2021-08-22',
    correctedAsOf: '2021-09-10',
    changes: [expect.stringContaining('M1'), 'withdrawn: A raid (E1)'],
  });
});

test('a notice has no PDF, and a large PDF goes by its address', async () => {
  const { url, calls } = await receiver();
  const large = message({ pdf: enclosed(samplePdf, 'https://briefs.example/a.pdf') });
  await call(url, { what: notice() });
  await call(url, { what: large, maxInlineBytes: samplePdf.length - 1 });
  await call(url, { what: large, maxInlineBytes: samplePdf.length });
  expect(calls.map(({ body }) => JSON.parse(body))).toMatchObject([
    { kind: 'notice', pdf: null },
    { pdf: { contentBase64: null, url: 'https://briefs.example/a.pdf', bytes: samplePdf.length } },
    { pdf: { contentBase64: expect.any(String) } },
  ]);
});

test.each([
  [200, 'sent'],
  [202, 'sent'],
  [400, 'bounced'],
  [401, 'bounced'],
  [404, 'bounced'],
  [410, 'bounced'],
  [408, 'deferred'],
  [409, 'unknown'],
  [425, 'deferred'],
  [429, 'deferred'],
  [500, 'deferred'],
  [502, 'unknown'],
  [503, 'deferred'],
  [504, 'unknown'],
])('%i: %s', async (status, outcome) => {
  const { url } = await receiver((response) => response.writeHead(status).end('token-in-body'));
  const receipt = await call(url);
  expect(receipt).toMatchObject({ outcome });
  expect(JSON.stringify(receipt)).not.toMatch(/token-in/);
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed: bounced', async (status) => {
  const elsewhere = await receiver();
  const { url, calls } = await receiver((response) =>
    response.writeHead(status, { location: elsewhere.url }).end(),
  );
  expect(await call(url)).toEqual({
    outcome: 'bounced',
    reason: `The webhook answered ${status}. Redirects are not followed, so set the address that it redirects to.`,
  });
  expect([calls.length, elsewhere.calls.length]).toEqual([1, 0]);
});

test('nobody listens: deferred', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  expect(await call(`http://127.0.0.1:${port}/`)).toEqual({
    outcome: 'deferred',
    reason: 'The webhook could not be reached: ECONNREFUSED.',
  });
});

test('a port that is never called: deferred, without the address in the reason', async () => {
  expect(await call('http://127.0.0.1:1/token-in-path')).toEqual({
    outcome: 'deferred',
    reason: expect.stringMatching(/^The webhook could not be reached: \w+\.$/),
  });
});

test('an address that cannot be called does not show in the reason either', async () => {
  const receipt = await call('http://user:token-in-address@127.0.0.1:1/');
  expect(receipt).toMatchObject({ outcome: 'deferred' });
  expect(JSON.stringify(receipt)).not.toContain('token-in-address');
});

test('cut off after the call: unknown, and the receiver knows the next one by its key', async () => {
  const { url, calls } = await receiver((response) => response.socket?.destroy());
  expect(await call(url)).toMatchObject({ outcome: 'unknown' });
  expect(calls).toHaveLength(1);
});

test('no answer in time: unknown', async () => {
  const { url } = await receiver(() => {});
  expect(await call(url, { timeoutMs: 300 })).toEqual({
    outcome: 'unknown',
    reason: 'The webhook closed the connection or did not answer: no answer in time.',
  });
});

test('an answer without end is not waited for', async () => {
  const { url } = await receiver((response) => response.writeHead(200).write('x'));
  expect(await call(url)).toMatchObject({ outcome: 'sent' });
});

test('stopped while it still connects: nothing was sent, so it rejects with the reason', async () => {
  const abort = new AbortController();
  let bytes = 0;
  const { port } = await bareServer((socket) => {
    socket.on('data', (data) => {
      // The first word of a TLS connection, which this server never answers.
      bytes += data.length;
      abort.abort(new Error('stopping'));
    });
  });
  await expect(call(`https://127.0.0.1:${port}/`, { signal: abort.signal })).rejects.toThrow('stopping');
  expect(bytes).toBeGreaterThan(0);
});

test('not connected in time: deferred', async () => {
  const { port } = await bareServer(() => {});
  expect(await call(`https://127.0.0.1:${port}/`, { timeoutMs: 300 })).toEqual({
    outcome: 'deferred',
    reason: 'The webhook could not be reached: no answer in time.',
  });
});

test('stopped once the call was sent: unknown, and the connection is ended', async () => {
  const abort = new AbortController();
  const { port, open } = await bareServer((socket) => {
    socket.once('data', () => abort.abort(new Error('stopping')));
  });
  expect(await call(`http://127.0.0.1:${port}/`, { signal: abort.signal })).toEqual({
    outcome: 'unknown',
    reason: 'The webhook closed the connection or did not answer: the process was stopped.',
  });
  await Promise.all([...open].map((socket) => once(socket, 'close')));
});

test('a call over a connection that is open already counts as sent as well', async () => {
  const abort = new AbortController();
  let received = 0;
  const { url } = await receiver((response) => {
    received += 1;
    if (received === 1) response.writeHead(204).end();
    else abort.abort(new Error('stopping'));
  });
  expect(await call(url)).toMatchObject({ outcome: 'sent' });
  expect(await call(url, { signal: abort.signal })).toMatchObject({ outcome: 'unknown' });
});

test('the secret is in no header, body or reason', async () => {
  const { url, calls } = await receiver((response) => response.writeHead(500).end());
  const said = JSON.stringify([await call(url), calls]);
  expect(said).not.toContain(secret.slice('whsec_'.length));
  expect(said).not.toContain('a secret of at least');
});

test("another channel's target is a fault of the caller", async () => {
  const deliver = webhookDelivery({ secret, hosts: [] }, { now: () => new Date(), locale });
  await expect(deliver(message(), { target: byMail('a@b.org'), signal: never })).rejects.toThrow(TypeError);
});
