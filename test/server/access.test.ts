import { describe, expect, test } from 'vitest';
import type { Marking } from '../../src/dataset/fields.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { type House, commandsOn, openHouse } from '../support/house.ts';
import { asked, made, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { bearer, openWeb, type Web } from '../support/web.ts';

/** Who is let in, what they see, and what nobody can have others do. */
const ledgers = useLedgers();
const strangers = { stranger: true };
const marked = (marking: Marking) => (yaml: string) => yaml.replace(/^marking: .*$/m, `marking: ${marking}`);
const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);

interface Site {
  readonly ledger: Ledger;
  readonly house: House;
  readonly web: Web;
}
async function withSite(
  options: Parameters<typeof openWeb>[1],
  work: (site: Site) => Promise<void>,
): Promise<void> {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, {
    weekly: marked('TLP:AMBER'),
    'isis-quieting': marked('TLP:RED'),
  });
  await using web = await openWeb(house, options);
  await work({ ledger, house, web });
}

describe('a stranger', () => {
  test.each(['127.0.0.1', '0.0.0.0'])('gets nothing from %s, whatever the headers say', async (host) => {
    await withSite({ ...strangers, host, publicUrl: 'https://sitrep.example' }, async ({ web }) => {
      for (const path of [
        '/api/briefs',
        '/api/audit',
        '/openapi.json',
        '/docs',
        '/docs/json',
        '/docs/static/swagger-ui.css',
        '/docs/data.md',
        '/metrics',
        '/nothing',
      ])
        for (const headers of [
          {},
          { host: `127.0.0.1:${web.port}` },
          { host: 'localhost' },
          { host: 'sitrep.example' },
          { host: 'evil.example' },
          { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
        ])
          expect(await web.ask(path, { headers }), `${path} ${JSON.stringify(headers)}`).toMatchObject({
            status: 401,
            headers: { 'www-authenticate': 'Bearer' },
            json: { code: 'login-needed', hint: expect.stringMatching(/sitrep open.*sitrep token add/) },
          });
      for (const path of ['/api/briefs/weekly/editions', '/api/editions/weekly/2021-08-22/cancel'])
        expect((await web.ask(path, { method: 'POST', body: { asOf: '2021-08-15' } })).status).toBe(401);
    });
  });

  test('health is for everybody, and the metrics, which count all, for those who see all', async () => {
    await withSite(strangers, async ({ web }) => {
      expect((await web.ask('/healthz')).status).toBe(200);
      expect((await web.ask('/readyz')).status).toBe(200);
      const amber = await web.token({ name: 'ann', may: 'operate', clearance: 'TLP:AMBER' });
      const red = await web.token({ name: 'rob', may: 'read', clearance: 'TLP:RED' });
      expect((await web.ask('/metrics', { headers: bearer(amber) })).status).toBe(403);
      expect((await web.ask('/metrics', { headers: bearer(red) })).status).toBe(200);
    });
  });

  test('a token lets in until it is revoked, and another never', async () => {
    await withSite(strangers, async ({ web, house }) => {
      const token = await web.token({ name: 'ann', may: 'read', clearance: 'TLP:GREEN' });
      const get = (text: string) => web.ask('/api/briefs', { headers: { authorization: text } });
      expect((await get(`Bearer ${token}`)).status).toBe(200);
      for (const text of [`Bearer ${token}x`, `Bearer ${token.slice(0, -1)}`, `Basic ${token}`, 'Bearer', ''])
        expect(await get(text)).toMatchObject({ status: 401, json: { code: 'token-unknown' } });
      await commandsOn(house.context).revokeToken('ann');
      expect((await get(`Bearer ${token}`)).status).toBe(401);
    });
  });

  test('one that may read changes nothing, and is shown no address to write to', async () => {
    await withSite(strangers, async ({ web, ledger }) => {
      const target = mailTo('ana@example.org');
      const delivery = { ...target, heldBecause: 'ana@example.org is not allowed.' };
      await settled(ledger, 'celebrations/2021-08-22', 'TLP:CLEAR', [delivery]);
      const headers = bearer(await web.token({ name: 'ann', may: 'read', clearance: 'TLP:RED' }));
      const { json } = await web.ask('/api/deliveries', { headers });
      expect(json.items).toMatchObject([
        { address: 'a…@example.org', reason: 'a…@example.org is not allowed.' },
      ]);
      expect(JSON.stringify(json)).not.toContain('ana@');
      const [{ id }] = json.items;
      for (const [path, body] of [
        ['/api/briefs/weekly/editions', { asOf: '2021-08-15' }],
        ['/api/editions/celebrations/2021-08-22/cancel', undefined],
        ['/api/editions/celebrations/2021-08-22/deliveries', { to: 'ana@example.org' }],
        [`/api/deliveries/${id}/release`, undefined],
      ] as const)
        expect(await web.ask(path, { method: 'POST', headers, body })).toMatchObject({
          status: 403,
          json: { code: 'operation-forbidden' },
        });
      expect(await ledger.audit({ who: 'ann' })).toEqual([]);
    });
  });
});

/** An edition that was made, with its marking. */
async function settled(
  ledger: Ledger,
  id: string,
  marking: Marking,
  deliveries: Parameters<typeof made> = [],
): Promise<void> {
  const [brief = '', asOf = ''] = id.split('/');
  await ledger.request([asked({ brief, asOf })], now);
  const claim = await ledger.claimEdition(id, { job: 'job', now });
  const making = made(...deliveries);
  await ledger.addSteps([{ edition: id, run: 1, number: 1, step: 'select', at: now }]);
  await ledger.settleEdition(claim!, { ...making, card: { ...making.card, marking } }, { now, alert: null });
}

describe('above the clearance', () => {
  test('nothing is seen of an edition, its deliveries or its record, nor that it exists', async () => {
    await withSite(strangers, async ({ web, ledger, house }) => {
      const secret = 'weekly/2021-08-22';
      await settled(ledger, secret, 'TLP:AMBER', [mailTo('ana@example.org')]);
      await settled(ledger, 'celebrations/2021-08-22', 'TLP:CLEAR', [mailTo('ana@example.org')]);
      await commandsOn(house.context).change('hold', secret);
      await commandsOn(house.context).change('hold', 'celebrations/2021-08-22');
      const as = async (clearance: Marking) => {
        const token = await web.token({ name: clearance.replace(/\W/g, '-'), may: 'operate', clearance });
        return async (path: string, method = 'GET', body?: object) =>
          web.ask(path, { method, headers: bearer(token), body });
      };
      const [green, amber] = [await as('TLP:GREEN'), await as('TLP:AMBER')];
      const [delivery] = await ledger.deliveries({ edition: secret });

      expect(ids((await green('/api/editions')).json.items)).toEqual(['celebrations/2021-08-22']);
      expect(ids((await amber('/api/editions')).json.items)).toContain(secret);
      expect((await green('/api/deliveries')).json.items).toHaveLength(1);
      expect((await amber('/api/deliveries')).json.items).toHaveLength(2);
      const audited = async (ask: typeof green) =>
        (await ask('/api/audit')).json.items.map(({ edition }: { edition: string }) => edition);
      expect(await audited(green)).toEqual(['celebrations/2021-08-22']);
      expect(await audited(amber)).toEqual(['celebrations/2021-08-22', secret]);
      expect(ids((await green('/api/briefs')).json)).not.toContain('weekly');
      expect(ids((await amber('/api/briefs')).json)).toContain('weekly');
      expect(ids((await amber('/api/briefs')).json)).not.toContain('isis-quieting');
      expect(await web.service.counts({ name: '', may: 'read', clearance: 'TLP:GREEN' })).toEqual({
        editions: { delivering: 1 },
        deliveries: { held: 1 },
      });

      const routes = [
        ['GET', ''],
        ['GET', '/pdf'],
        ['GET', '/html'],
        ['GET', '/manifest'],
        ['GET', '/events'],
        ['POST', '/cancel'],
        ['POST', '/retry'],
        ['POST', '/hold'],
        ['POST', '/release'],
        ['POST', '/deliveries'],
      ] as const;
      // Word for word what is said of an edition that there never was.
      const toldOf = async (name: string, [method, path]: (typeof routes)[number]) => {
        const body = path === '/deliveries' ? { to: 'ana@example.org' } : undefined;
        const { status, text } = await green(`/api/editions/weekly/${name}${path}`, method, body);
        return `${status} ${text.replaceAll(name, 'X')}`;
      };
      for (const route of routes) {
        const told = await toldOf('2021-08-22', route);
        expect(told).toBe(await toldOf('1999-01-03', route));
        expect(told).toMatch(/^404 /);
      }
      expect((await green(`/api/deliveries/${delivery!.id}/release`, 'POST')).status).toBe(404);
      expect(await green('/api/briefs/weekly/editions', 'POST', { asOf: '2021-08-22' })).toMatchObject({
        status: 404,
        json: { code: 'brief-unknown' },
      });
      expect((await green('/api/briefs/weekly')).json.hint).not.toContain('weekly');
      expect(await ledger.edition(secret)).toMatchObject({ state: 'delivering' });
      expect((await green('/api/editions?brief=weekly')).json.items).toEqual([]);
      expect((await green(`/api/deliveries?edition=${secret}`)).json.items).toEqual([]);
      expect((await green(`/api/audit?edition=${secret}`)).json.items).toEqual([]);
    });
  });

  test('an edition that is not made counts as its brief, and so does one that is made again', async () => {
    await withSite(strangers, async ({ web, ledger }) => {
      await ledger.request([asked({ asOf: '2021-08-15' })], now);
      await settled(ledger, 'weekly/2021-08-22', 'TLP:CLEAR');
      const headers = bearer(await web.token({ name: 'ann', may: 'read', clearance: 'TLP:GREEN' }));
      const seen = async () => ids((await web.ask('/api/editions', { headers })).json.items);
      // It was issued while the brief was open, and stays so.
      expect(await seen()).toEqual(['weekly/2021-08-22']);
      await ledger.moveEdition('weekly/2021-08-22', { from: ['rendered'], to: 'queued', reason: null, now });
      expect(await seen()).toEqual([]);
      // What is told of a making that failed is of the brief as it is by now.
      for (const state of ['held', 'failed', 'cancelled', 'skipped'] as const) {
        const from = ['queued', 'held', 'failed', 'cancelled'] as const;
        await ledger.moveEdition('weekly/2021-08-22', { from, to: state, reason: 'A secret.', now });
        expect(await seen()).toEqual([]);
      }
    });
  });

  test('changes to no edition are for those who may operate and see all', async () => {
    await withSite(strangers, async ({ web }) => {
      const seen = async (token: string) =>
        (await web.ask('/api/audit', { headers: bearer(token) })).json.items.length;
      const whole = await web.token({ name: 'a', may: 'operate', clearance: 'TLP:RED' });
      const reader = await web.token({ name: 'b', may: 'read', clearance: 'TLP:RED' });
      const amber = await web.token({ name: 'c', may: 'operate', clearance: 'TLP:AMBER' });
      expect([await seen(whole), await seen(reader), await seen(amber)]).toEqual([3, 0, 0]);
    });
  });
});

describe('a browser', () => {
  const form = (token: string, next = '/editions') => ({
    method: 'POST',
    body: new URLSearchParams({ token, next }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const cookieOf = (headers: { 'set-cookie'?: string[] | undefined }) => headers['set-cookie']?.[0] ?? '';
  const sent = (cookie: string) => cookie.split(';')[0] ?? '';

  test('turns a token into a signed cookie that does not hold it, and back', async () => {
    await withSite({ ...strangers, publicUrl: 'https://sitrep.example' }, async ({ web, house }) => {
      const token = await web.token({ name: 'ann', may: 'operate', clearance: 'TLP:AMBER' });
      const refused = await web.ask('/login', form(`${token}x`));
      expect(refused).toMatchObject({
        status: 303,
        headers: { location: '/login?refused=token&next=%2Feditions' },
      });
      expect(refused.headers['set-cookie']).toBeUndefined();

      const { status, headers } = await web.ask('/login', form(token));
      expect({ status, location: headers.location }).toEqual({ status: 303, location: '/editions' });
      const cookie = cookieOf(headers);
      expect(cookie).toMatch(/; HttpOnly; Secure; SameSite=Lax$/);
      expect(cookie).not.toContain(token);
      const get = (value: string) => web.ask('/api/briefs', { headers: { cookie: value } });
      expect((await get(sent(cookie))).status).toBe(200);

      const flipped = sent(cookie).replace(/=(.)/, (_, first: string) => `=${first === 'a' ? 'b' : 'a'}`);
      const later = sent(cookie).replace(/\.(\d)/, (_, first: string) => `.${(Number(first) + 1) % 10}`);
      const unsigned = sent(cookie).replace(/\.[^.]*$/, '');
      for (const tampered of [
        flipped,
        later,
        unsigned,
        cookie.replace(/=.*/, '='),
        cookie.replace(/=.*/, '=x.y'),
      ])
        expect(await get(tampered)).toMatchObject({ status: 401, json: { code: 'login-needed' } });

      expect(cookieOf((await web.ask('/logout', { method: 'POST' })).headers)).toMatch(
        /^sitrep_session_[0-9a-f]{8}=;/,
      );
      await commandsOn(house.context).revokeToken('ann');
      expect((await get(sent(cookie))).status).toBe(401);
    });
  });

  test('is not sent to another server after the login, and not let try for ever', async () => {
    await withSite(strangers, async ({ web }) => {
      const token = await web.token({ name: 'ann', may: 'read', clearance: 'TLP:AMBER' });
      const away = await web.ask('/login', form(token, '//evil.example/'));
      expect(away.headers.location).toBe('/');
      // Over plain http it could not be sent back otherwise.
      expect(cookieOf(away.headers)).not.toContain('Secure');
      let last = away;
      for (let each = 0; each < 10; each += 1) last = await web.ask('/login', form('guess'));
      expect(last).toMatchObject({ status: 429, json: { code: 'too-many-requests' } });
      expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    });
  });

  test('asks for a change from the pages of this service alone', async () => {
    await withSite({ ...strangers, publicUrl: 'https://sitrep.example' }, async ({ web }) => {
      const token = await web.token({ name: 'ann', may: 'operate', clearance: 'TLP:AMBER' });
      const cookie = sent(cookieOf((await web.ask('/login', form(token))).headers));
      const post = async (headers: { [name: string]: string }) => {
        const answer = await web.ask('/api/editions/weekly/1999-01-03/cancel', { method: 'POST', headers });
        return answer.json.code;
      };
      const passed = 'edition-unknown';
      const foreign = 'origin-foreign';
      const own = `http://127.0.0.1:${web.port}`;
      expect(await post({ cookie, origin: own })).toBe(passed);
      expect(await post({ cookie, origin: 'https://sitrep.example' })).toBe(passed);
      expect(await post({ cookie, 'sec-fetch-site': 'same-origin' })).toBe(passed);
      expect(await post(bearer(token))).toBe(passed);
      expect(await post({ cookie })).toBe(foreign);
      expect(await post({ cookie, origin: 'null' })).toBe(foreign);
      expect(await post({ cookie, origin: 'https://evil.example' })).toBe(foreign);
      expect(await post({ cookie, origin: 'https://sitrep.example.evil.example' })).toBe(foreign);
      expect(await post({ cookie, origin: own, 'sec-fetch-site': 'cross-site' })).toBe(foreign);
      expect(await post({ ...bearer(token), origin: 'https://evil.example' })).toBe(foreign);
    });
  });
});

describe('a link that lets in once', () => {
  const keptBy = (answer: { headers: { 'set-cookie'?: string[] | undefined } }) =>
    (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';

  test('gives one browser the session of this machine’s operator, at a clean address', async () => {
    await withSite(strangers, async ({ web }) => {
      const link = web.newLink();
      expect((await web.ask(link, { method: 'HEAD' })).status).toBe(401);
      expect((await web.ask(`${link}x`)).headers).toMatchObject({ location: '/login?refused=link' });
      const first = await web.ask(link);
      expect(first).toMatchObject({
        status: 303,
        headers: { location: '/', 'referrer-policy': 'no-referrer' },
      });
      expect(first.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Lax$/);
      const headers = { cookie: keptBy(first) };
      expect((await web.ask('/api/briefs', { headers })).status).toBe(200);
      const own = { ...headers, origin: `http://127.0.0.1:${web.port}` };
      expect(
        (await web.ask('/api/editions/weekly/1999-01-03/cancel', { method: 'POST', headers: own })).status,
      ).toBe(404);

      const second = await web.ask(link);
      expect(second).toMatchObject({ status: 303, headers: { location: '/login?refused=link' } });
      expect(second.headers['set-cookie']).toBeUndefined();
      // The browser that followed it may go back to it.
      expect((await web.ask(link, { headers })).headers).toMatchObject({ location: '/' });
      for (const path of ['/open', '/open?once=', '/open?once=this-machine'])
        expect((await web.ask(path)).headers['set-cookie'], path).toBeUndefined();
    });
  });

  test('ends after an hour, and its session after twelve', async () => {
    await withSite(strangers, async ({ web, house }) => {
      const later = (hours: number) => {
        house.time = new Date(house.time.getTime() + hours * 3_600_000);
      };
      const [late, inTime] = [web.newLink(), web.newLink()];
      later(0.9);
      const headers = { cookie: keptBy(await web.ask(inTime)) };
      later(0.2);
      expect((await web.ask(late)).headers['set-cookie']).toBeUndefined();
      later(11.7);
      expect((await web.ask('/api/briefs', { headers })).status).toBe(200);
      later(0.2);
      expect((await web.ask('/api/briefs', { headers })).status).toBe(401);
    });
  });

  test('cannot be made up: its session is signed with the key of the ledger', async () => {
    await withSite(strangers, async ({ web }) => {
      const cookie = keptBy(await web.ask(web.newLink()));
      const [name = ''] = cookie.split('=');
      const forgeries = [`${name}=this-machine.99999999999999`, cookie.replace(/machine\.\d/, 'machine.9')];
      for (const forged of forgeries)
        expect((await web.ask('/api/briefs', { headers: { cookie: forged } })).status).toBe(401);
    });
  });
});

test('a caller with too many requests learns when to try again; other callers are unaffected', async () => {
  await withSite({ ...strangers, requestsPerMinute: 3 }, async ({ web }) => {
    const ann = bearer(await web.token({ name: 'ann', may: 'read', clearance: 'TLP:GREEN' }));
    const bob = bearer(await web.token({ name: 'bob', may: 'read', clearance: 'TLP:GREEN' }));
    for (let each = 0; each < 3; each += 1)
      expect((await web.ask('/api/editions', { headers: ann })).status).toBe(200);
    const refused = await web.ask('/api/editions', { headers: ann });
    expect(refused).toMatchObject({ status: 429, json: { code: 'too-many-requests' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await web.ask('/api/editions', { headers: bob })).status).toBe(200);
    // So is whoever guesses at tokens.
    const guess = async () => (await web.ask('/api/editions', { headers: bearer('guess') })).status;
    expect([await guess(), await guess(), await guess(), await guess()]).toEqual([401, 401, 401, 429]);
  });
});
