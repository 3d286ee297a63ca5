import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type RefreshContext, refreshDataset } from '../../src/refresh/refresh.ts';
import { newDesk } from './incidents.ts';

/** A project of one test with a dataset that has sources, and the folder `incoming` for its files. */
export async function newFeed(sitrep: object) {
  const desk = await newDesk();
  const { folder, into } = desk;
  await mkdir(into, { recursive: true });
  await mkdir(join(folder, 'incoming'));
  const declare = (settings: object): Promise<void> =>
    writeFile(
      join(into, 'datapackage.json'),
      JSON.stringify({ name: 'desk', sitrep: settings, resources: [] }),
    );
  await declare(sitrep);
  return {
    ...desk,
    /** Writes other settings. */
    declare,
    /** Writes a file into `incoming`. */
    put: (name: string, content: string | Uint8Array) => writeFile(join(folder, 'incoming', name), content),
    refresh: (knownOn = '2024-04-01', context: Partial<RefreshContext> = {}) =>
      refreshDataset(into, {
        knownOn,
        version: '0',
        cacheFolder: join(folder, 'cache'),
        variables: {},
        ...context,
      }),
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server with https at 127.0.0.1, and what a refresh needs to reach it and no other inner address. */
export async function newPublisher() {
  const tls = join(import.meta.dirname, '../input/tls');
  const [cert, key] = await Promise.all([
    readFile(join(tls, 'cert.pem'), 'utf8'),
    readFile(join(tls, 'key.pem'), 'utf8'),
  ]);
  const answers = new Map<string, Answer>();
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers });
    const answer = answers.get(path);
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    /** All requests so far. */
    requests,
    /** The address of `path`, whose requests `answer` answers; a text is the body of an answer. */
    at(path: string, answer: Answer | string): string {
      const text = answer;
      answers.set(path, typeof text === 'string' ? (_, response) => void response.end(text) : text);
      return `https://127.0.0.1:${port}${path}`;
    },
    reach: { ca: cert, isAllowed: (address: string) => address === '127.0.0.1' },
  };
}
