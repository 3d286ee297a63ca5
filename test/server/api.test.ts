import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import { deliverTo, type House, openHouse } from '../support/house.ts';
import { claimed, delivering, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { allEvents, openWeb, readEvents, type Web } from '../support/web.ts';

/** The API on a real server, the real ledger and the real briefs. */
const ledgers = useLedgers();
const targets = deliverTo('email: ana@example.org', 'folder: archive');

interface Site {
  readonly ledger: Ledger;
  readonly house: House;
  readonly web: Web;
}

async function withSite(
  work: (site: Site) => Promise<void>,
  briefs: Parameters<typeof openHouse>[1] = { weekly: targets },
): Promise<void> {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, briefs);
  await using web = await openWeb(house);
  await work({ ledger, house, web });
}
const make = ({ house }: Site, id: string) =>
  makeEdition({ id, job: 'job', signal: new AbortController().signal }, house.forEditions);
const wish = (more: object = {}) => ({ method: 'POST', body: { asOf: '2021-08-15', ...more } });
const asked = '/api/briefs/celebrations/editions';
const made = '/api/editions/celebrations/2021-08-15';

describe('briefs', () => {
  test('are listed with the newest edition, the next slot and how many there are', async () => {
    await withSite(async ({ ledger, web }) => {
      await delivering(ledger, mailTo('ana@example.org'));
      const { json } = await web.ask('/api/briefs');
      expect(json.map(({ id }: { id: string }) => id)).toContain('isis-quieting');
      expect(json.find(({ id }: { id: string }) => id === 'weekly')).toMatchObject({
        marking: 'TLP:CLEAR',
        next: { at: '2021-08-30T05:00:00.000Z', asOf: '2021-08-29' },
        latest: { id: 'weekly/2021-08-22', state: 'delivering', deliveries: { pending: 1 } },
        editions: { delivering: 1 },
        faults: [],
      });
    });
  });

  test('have parameters, targets and the last day that can be asked for', async () => {
    await withSite(async ({ web }) => {
      expect((await web.ask('/api/briefs/weekly')).json).toMatchObject({
        parameters: {},
        forEach: null,
        lastAsOf: '2021-08-22',
        targets: [
          { channel: 'email', address: 'ana@example.org', clearance: 'TLP:CLEAR' },
          { channel: 'folder', address: 'archive' },
        ],
      });
      expect((await web.ask('/api/briefs/actor-sheet')).json).toMatchObject({
        parameters: { actor: { type: 'string' } },
        forEach: expect.any(String),
      });
      expect(await web.ask('/api/briefs/nothing')).toMatchObject({
        status: 404,
        json: { code: 'brief-unknown' },
      });
      expect((await web.ask('/api/briefs/actor-sheat')).json.hint).toBe('Did you mean "actor-sheet"?');
    });
  });

  test('one that cannot be read is there, with its faults', async () => {
    await withSite(
      async ({ web }) => {
        const { json } = await web.ask('/api/briefs/weekly');
        expect(json.marking).toBeNull();
        expect(json.faults).toContainEqual(
          expect.objectContaining({ file: expect.stringContaining('weekly/brief.yaml'), field: 'titel' }),
        );
        expect(await web.ask('/api/briefs/weekly/editions', wish())).toMatchObject({
          status: 422,
          json: { code: 'brief-invalid' },
        });
      },
      { weekly: (yaml) => yaml.replace(/^paper:.*$/m, '').replace(/^title:/m, 'titel:') },
    );
  });

  test('hints name pages of the docs by an address that has them', async () => {
    await withSite(
      async ({ web }) => {
        const hint = expect.stringMatching(/ See \/docs\/authoring\.md /);
        const { json } = await web.ask('/api/briefs/weekly');
        expect(json.faults).toContainEqual(expect.objectContaining({ field: 'zzzzzz', hint }));
        expect((await web.ask('/api/briefs/weekly/editions', wish())).json).toMatchObject({ hint });
        const { status, text, headers } = await web.ask('/docs/authoring.md');
        expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
        expect(text).toMatch(/^# /);
        expect((await web.ask('/docs/nothing.md')).status).toBe(404);
        expect((await web.ask('/docs/..%2fpackage.json')).text).not.toContain('"sitrep"');
        expect((await web.ask('/docs')).status).toBe(200);
      },
      { weekly: (yaml) => `${yaml}zzzzzz: 1\n` },
    );
  });
});

describe('asking for an edition', () => {
  test('gives its address, and the same one when it is asked for again', async () => {
    await withSite(async (site) => {
      const { web } = site;
      const first = await web.ask(asked, wish());
      expect(first).toMatchObject({
        status: 202,
        headers: { location: made },
        json: { id: 'celebrations/2021-08-15', state: 'queued', origin: 'request', reach: 'none', files: [] },
      });
      const again = await web.ask(asked, wish({ deliver: true }));
      expect(again).toMatchObject({ status: 200, headers: { location: made }, json: { reach: 'none' } });
      expect((await web.ask(asked, wish({ paper: 'Letter', deliver: true }))).json).toMatchObject({
        id: 'celebrations/2021-08-15-Letter',
        reach: 'all',
      });
      await make(site, 'celebrations/2021-08-15');
      const { json } = await web.ask(made);
      expect(json).toMatchObject({
        state: 'rendered',
        title: expect.any(String),
        marking: 'TLP:CLEAR',
        files: ['pdf', 'html', 'manifest'],
        runs: [{ number: 1, outcome: 'made' }],
      });
      expect(json).not.toHaveProperty('folder');
    });
  });

  test('with values of parameters gives one edition of a brief that has many, and without all of them', async () => {
    await withSite(async (site) => {
      const { web } = site;
      const one = await web.ask(
        '/api/briefs/actor-sheet/editions',
        wish({ parameters: { actor: 'A-isis-k' } }),
      );
      const { location = '' } = one.headers;
      expect(location).toBe('/api/editions/actor-sheet/2021-08-15-actor%3DA-isis-k');
      await make(site, one.json.id);
      expect((await web.ask(location)).json).toMatchObject({
        state: 'rendered',
        parameters: { actor: 'A-isis-k' },
      });
      expect((await web.ask(`${location}/pdf`)).status).toBe(200);

      const all = await web.ask('/api/briefs/actor-sheet/editions', wish());
      await make(site, all.json.id);
      const { json } = await web.ask('/api/editions?brief=actor-sheet');
      expect(json.items.length).toBeGreaterThan(2);
      expect(json.items).toContainEqual(expect.objectContaining({ partOf: 'actor-sheet/2021-08-15' }));
    });
  });

  test.each([
    ['a day that is not over', { asOf: '2021-08-23' }, 422, 'parameter-invalid', 'asOf'],
    ['a parameter that there is not', { parameters: { x: '1' } }, 422, 'parameter-invalid', 'parameters.x'],
    ['no day', { asOf: 'yesterday' }, 400, 'request-invalid', 'asOf'],
    ['something else', { sendTo: 'all' }, 400, 'request-invalid', undefined],
  ])('is refused for %s', async (_, more, status, code, field) => {
    await withSite(async ({ web }) => {
      const { json, headers, ...answer } = await web.ask(asked, wish(more));
      expect({ status: answer.status, code: json.code, field: json.faults[0].field }).toEqual({
        status,
        code,
        field,
      });
      expect(headers['content-type']).toBe('application/problem+json');
      expect(json.hint).not.toBe('');
    });
  });

  test('refuses new editions while too many wait, and says when to try again; existing editions are still answered', async () => {
    await withSite(async ({ web, house }) => {
      Object.assign(house.context, { mostQueued: 2 });
      expect((await web.ask(asked, wish())).status).toBe(202);
      expect((await web.ask(asked, wish({ paper: 'Letter' }))).status).toBe(202);
      const full = await web.ask(asked, wish({ asOf: '2021-08-08' }));
      expect(full).toMatchObject({ status: 503, json: { code: 'queue-full' } });
      expect(Number(full.headers['retry-after'])).toBeGreaterThan(0);
      expect((await web.ask(asked, wish())).status).toBe(200);
    });
  });
});

describe('lists', () => {
  test('come in parts that leave nothing out and repeat nothing', async () => {
    await withSite(async ({ web, ledger }) => {
      for (const asOf of ['2021-08-01', '2021-08-08', '2021-08-15'])
        for (const paper of ['A4', 'Letter'])
          await web.ask('/api/briefs/weekly/editions', { method: 'POST', body: { asOf, paper } });
      await delivering(ledger, ...['a', 'b', 'c'].map((who) => mailTo(`${who}@example.org`)));
      const walk = async (path: string) => {
        const ids: string[] = [];
        for (let after: string | null = ''; after !== null;) {
          const { json } = await web.ask(`${path}${after === '' ? '' : `&after=${after}`}`);
          expect(json.items.length).toBeLessThanOrEqual(2);
          ids.push(...json.items.map(({ id }: { id: string | number }) => String(id)));
          after = json.next;
        }
        return ids;
      };
      const editions = await walk('/api/editions?limit=2');
      expect(editions).toHaveLength(7);
      expect(new Set(editions).size).toBe(7);
      expect(editions[0]).toBe('weekly/2021-08-22');
      expect(new Set(await walk('/api/deliveries?limit=2')).size).toBe(3);
      expect(new Set(await walk('/api/audit?limit=2')).size).toBe(6);
      expect(await walk('/api/editions?limit=2&state=queued&from=2021-08-08&to=2021-08-08')).toEqual([
        'weekly/2021-08-08',
        'weekly/2021-08-08-Letter',
      ]);
      expect(await walk('/api/editions?limit=2&brief=celebrations')).toEqual([]);
      expect(await walk('/api/deliveries?limit=2&edition=weekly/2021-08-15')).toEqual([]);
    });
  });

  test.each([
    '/api/editions?after=x',
    '/api/editions?limit=0',
    '/api/deliveries?state=lost',
    '/api/audit?what=x',
  ])('refuse what they do not know: %s', async (path) => {
    await withSite(async ({ web }) => {
      expect(await web.ask(path)).toMatchObject({ status: 400, json: { code: 'request-invalid' } });
    });
  });
});

describe('changes', () => {
  test('cancels, retries, holds and releases an edition, and records each in the audit log', async () => {
    await withSite(async ({ web }) => {
      await web.ask(asked, wish());
      const change = (what: string) => web.ask(`${made}/${what}`, { method: 'POST' });
      expect((await change('hold')).json).toMatchObject({
        state: 'held',
        reason: 'An operator put it on hold.',
      });
      expect((await change('release')).json).toMatchObject({ state: 'queued' });
      expect((await change('cancel')).json).toMatchObject({ state: 'cancelled' });
      expect((await change('retry')).json).toMatchObject({ state: 'queued' });
      expect(await change('release')).toMatchObject({ status: 409, json: { code: 'operation-refused' } });
      const { json } = await web.ask('/api/audit?edition=celebrations/2021-08-15');
      expect(
        json.items.map(({ who, what, outcome }: { [field: string]: string }) => [who, what, outcome]),
      ).toEqual([
        ['this machine', 'release', 'refused'],
        ['this machine', 'retry', 'done'],
        ['this machine', 'cancel', 'done'],
        ['this machine', 'release', 'done'],
        ['this machine', 'hold', 'done'],
        ['this machine', 'request', 'done'],
      ]);
    });
  });

  test('hold, release and cancel a delivery, and send an edition again', async () => {
    await withSite(async ({ web, ledger }) => {
      const [id = ''] = await delivering(ledger, mailTo('ana@example.org'));
      const change = (what: string) => web.ask(`/api/deliveries/${id}/${what}`, { method: 'POST' });
      expect((await change('hold')).json).toMatchObject({ id, state: 'held' });
      expect((await change('release')).json).toMatchObject({ id, state: 'pending' });
      expect((await change('cancel')).json).toMatchObject({ id, state: 'cancelled' });
      const send = (to: string) =>
        web.ask('/api/editions/weekly/2021-08-22/deliveries', { method: 'POST', body: { to } });
      expect(await send('ana@example.org')).toMatchObject({
        status: 202,
        json: { edition: 'weekly/2021-08-22', address: 'ana@example.org', copy: 1, state: 'pending' },
      });
      expect(await send('ana@example.org')).toMatchObject({ status: 409 });
      expect(await send('eve@example.org')).toMatchObject({
        status: 409,
        json: { code: 'operation-refused' },
      });
      expect(await web.ask(`/api/deliveries/${'0'.repeat(32)}/hold`, { method: 'POST' })).toMatchObject({
        status: 404,
        json: { code: 'edition-unknown' },
      });
      const short = (letters: number) =>
        web.ask(`/api/deliveries/${id.slice(0, letters)}/retry`, { method: 'POST' });
      expect((await short(5)).status).toBe(404);
      // The copy is on its way: the original must not follow it.
      expect(await short(6)).toMatchObject({ status: 409, json: { code: 'operation-refused' } });
    });
  });
});

describe('files', () => {
  test('are sent whole, in part, or not again', async () => {
    await withSite(async (site) => {
      const { web } = site;
      await web.ask(asked, wish());
      expect(await web.ask(`${made}/pdf`)).toMatchObject({ status: 404, json: { code: 'not-found' } });
      await make(site, 'celebrations/2021-08-15');
      const { json: edition } = await web.ask(made);

      const whole = await web.ask(`${made}/pdf`);
      const etag = `"${edition.sha256}"`;
      expect(whole).toMatchObject({
        status: 200,
        headers: { etag, 'content-type': 'application/pdf', 'accept-ranges': 'bytes' },
      });
      expect(whole.bytes.subarray(0, 5).toString()).toBe('%PDF-');
      const given = (headers: { [name: string]: string }) => web.ask(`${made}/pdf`, { headers });
      expect(await given({ 'if-none-match': `"other", W/${etag}` })).toMatchObject({ status: 304, text: '' });
      expect((await given({ 'if-none-match': '"other"' })).status).toBe(200);
      const part = await given({ range: 'bytes=5-9' });
      expect(part).toMatchObject({
        status: 206,
        headers: { 'content-range': `bytes 5-9/${whole.bytes.length}`, etag },
      });
      expect(part.bytes.equals(whole.bytes.subarray(5, 10))).toBe(true);
      expect((await given({ range: 'bytes=5-9', 'if-range': etag })).status).toBe(206);
      expect((await given({ range: 'bytes=5-9', 'if-range': '"other"' })).status).toBe(200);
      expect(await given({ range: 'bytes=99999999-' })).toMatchObject({
        status: 416,
        json: { code: 'range-invalid' },
      });
      expect((await web.ask(`${made}/pdf`, { method: 'HEAD' })).headers['content-length']).toBe(
        String(whole.bytes.length),
      );

      const page = await web.ask(`${made}/html`);
      expect(page.text).toContain('<!doctype html>');
      expect(page.headers['content-security-policy']).toContain('sandbox');
      const manifest = await web.ask(`${made}/manifest`);
      expect(manifest.json.files[0]).toMatchObject({ sha256: edition.sha256 });
      expect(manifest.headers.etag).toMatch(/^"[0-9a-f]{64}"$/);
    });
  });

  test('are those that the ledger knows, and no others that lie in their place', async () => {
    await withSite(async (site) => {
      const { web, house } = site;
      await web.ask(asked, wish());
      await make(site, 'celebrations/2021-08-15');
      const folder = join(house.out, 'celebrations/2021-08-15');
      const file = join(folder, 'manifest.json');
      const text = await readFile(file, 'utf8');
      const { files }: { files: { name: string; sha256: string }[] } = JSON.parse(text);
      const pdf = files.find(({ name }) => name.endsWith('.pdf'));
      if (pdf === undefined) throw new Error('It has no PDF.');
      const statuses = () =>
        Promise.all(
          ['pdf', 'html', 'manifest'].map(async (kind) => (await web.ask(`${made}/${kind}`)).status),
        );
      expect(await statuses()).toEqual([200, 200, 200]);
      // Whole in itself each time.
      await writeFile(file, text.replace('"marking": "TLP:CLEAR"', '"marking": "TLP:RED"'));
      expect(await statuses()).toEqual([404, 404, 404]);
      await writeFile(join(folder, pdf.name), 'another');
      await writeFile(file, text.replaceAll(pdf.sha256, hashOf('another')));
      expect(await house.context.readManifest(folder)).toBeDefined();
      expect(await statuses()).toEqual([404, 404, 404]);
    });
  });
});

describe('events', () => {
  test('tell each step with its time and the end, and go on after a cut', async () => {
    await withSite(async (site) => {
      const { web, ledger } = site;
      const claim = await claimed(ledger, { brief: 'celebrations', asOf: '2021-08-15' });
      const step = (number: number, name: string) =>
        ledger.addSteps([{ edition: claim.edition.id, run: 1, number, step: name, at: now }]);
      await step(1, 'select');
      const cut = new AbortController();
      const first = readEvents(await web.begin(`${made}/events`, { signal: cut.signal }));
      expect((await first.next()).value).toMatchObject({
        event: 'step',
        id: '1.1',
        data: { run: 1, step: 'select', at: now.toISOString() },
      });
      expect((await first.next()).value).toMatchObject({ event: 'state', data: { state: 'rendering' } });
      await step(2, 'analyse');
      expect((await first.next()).value).toMatchObject({
        event: 'step',
        id: '1.2',
        data: { step: 'analyse' },
      });
      cut.abort();
      await expect(first.next()).rejects.toThrow('abort');

      await step(3, 'chart');
      const making = { outcome: 'held', reason: 'A fault.' } as const;
      await ledger.settleEdition(claim, making, { now, alert: null });
      const rest = await web.begin(`${made}/events`, { headers: { 'last-event-id': '1.2' } });
      expect(rest.headers['content-type']).toContain('text/event-stream');
      const events = await allEvents(rest);
      expect(events.filter(({ event }) => event !== 'state')).toMatchObject([
        { event: 'step', id: '1.3', data: { step: 'chart' } },
        { event: 'settled', id: 'end', data: { state: 'held', reason: 'A fault.' } },
      ]);
      expect((await web.ask(`${made}/events`, { headers: { 'last-event-id': 'end' } })).status).toBe(204);
      await web.ask(`${made}/retry`, { method: 'POST' });
      const again = readEvents(await web.begin(`${made}/events`, { headers: { 'last-event-id': 'end' } }));
      expect((await again.next()).value).toMatchObject({ data: { run: 1, step: 'select' } });
      await again.return(undefined);
    });
  });

  test('come from the worker as it goes', async () => {
    await withSite(async (site) => {
      await site.web.ask(asked, wish());
      const events = allEvents(await site.web.begin(`${made}/events`));
      await make(site, 'celebrations/2021-08-15');
      const told = await events;
      expect(told.filter(({ event }) => event === 'step').map(({ data }) => data.step)).toEqual([
        'select',
        'analyse',
        'chart',
        'compose',
        'gate',
        'print',
        'seal',
        'inspect',
        'store',
      ]);
      expect(told.at(-1)).toMatchObject({ event: 'settled', data: { state: 'rendered' } });
    });
  });
});

test('a stream of events is ended after its time, and the browser goes on where it was', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await using web = await openWeb(house, { longestStreamMs: 1 });
  const claim = await claimed(ledger, { brief: 'celebrations', asOf: '2021-08-15' });
  await ledger.addSteps([{ edition: claim.edition.id, run: 1, number: 1, step: 'select', at: now }]);
  const events = await allEvents(await web.begin(`${made}/events`));
  // It is still being made: nothing but the limit has ended the stream.
  expect(events.at(-1)).toMatchObject({ event: 'state', data: { state: 'rendering' } });
  const rest = await allEvents(
    await web.begin(`${made}/events`, { headers: { 'last-event-id': String(events[0]?.id) } }),
  );
  expect(rest.map(({ event }) => event)).toContain('state');
  expect(rest.map(({ event }) => event)).not.toContain('step');
});

test('cancelling an edition stops its rendering', async () => {
  await withSite(async (site) => {
    const { house, web, ledger } = site;
    const printing = Promise.withResolvers<AbortSignal>();
    house.print = (signal) => {
      printing.resolve(signal);
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      return promise;
    };
    await web.ask(asked, wish());
    const making = make(site, 'celebrations/2021-08-15');
    const signal = await printing.promise;
    await house.forEditions.activeRuns.abortStale(ledger);
    expect(signal.aborted).toBe(false);
    await web.ask(`${made}/cancel`, { method: 'POST' });
    await house.forEditions.activeRuns.abortStale(ledger);
    expect(signal.aborted).toBe(true);
    await making;
    expect((await web.ask(made)).json).toMatchObject({
      state: 'cancelled',
      runs: [{ outcome: 'cancelled', reason: 'An operator cancelled it.' }],
    });
  });
});
