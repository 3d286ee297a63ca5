import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, expect, test, vi } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import { readEdition } from '../../src/production/store.ts';
import { slotsBetween } from '../../src/scheduler/slots.ts';
import { openProject } from '../support/cli.ts';
import { newTokenOf } from '../support/login.ts';
import { openProgramLedger } from '../support/program-ledger.ts';
import { type LogLine, type Service, startService } from '../support/service.ts';
import { bearer } from '../support/web.ts';

/**
 * Kills the program at its most delicate moments, again and again, while it catches up on weeks of slots, and then looks
 * at what became of each slot and at who received what. Embedded it is one process; on PostgreSQL three of two kinds.
 * `npm run soak` sets SOAK_KILLS for a longer run.
 */
const KILLS = Number(process.env['SOAK_KILLS'] ?? 4);
const recipients = ['one@example.org', 'two@example.org'];
/** What is under way when the process is killed, by the line of the log that announces it. */
const moments = {
  rendering: ({ step }: LogLine) => step === 'print',
  storing: ({ step }: LogLine) => step === 'store',
  sending: ({ msg, channel }: LogLine) => msg === 'sending' && channel === 'email',
} as const;
type Moment = keyof typeof moments | 'accepted';

const project = await openProject();
const ledger = await openProgramLedger(project);
const token = await newTokenOf(project, 'metrics --may read --clearance TLP:RED', ledger.env);
// What is under way at the other processes goes on after each kill.
const DAYS = ledger.roles.length > 1 ? Math.ceil(KILLS * 3.7) + 14 : KILLS * 2 + 4;
afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

test(
  'killed at any moment: no slot missing, no edition twice, no mail but with its own id',
  { timeout: 1_800_000 },
  async () => {
    const arrived: { id: string; to: string; pdf: string }[] = [];
    /** Called when a message is there whole and not yet accepted: the window that SMTP leaves open. */
    let onWhole: (() => Promise<void>) | undefined;
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      async onData(stream, session, done) {
        // A kill in the midst of a message cuts it: it has not arrived.
        const raw = await buffer(stream).catch(() => undefined);
        if (raw === undefined) return;
        const { messageId = '', attachments } = await simpleParser(raw);
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        arrived.push({ id: messageId, to, pdf: hashOf(attachments[0]?.content ?? '') });
        await onWhole?.();
        done();
      },
    });
    server.on('error', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as AddressInfo;

    const brief = 'celebrations';
    const file = `templates/${brief}/brief.yaml`;
    const schedule = { cron: '0 6 * * *', timezone: 'UTC', most: 1000, maxLateness: 'P400D' };
    const targets = ['{ folder: archive }', ...recipients.map((address) => `{ email: ${address} }`)];
    const text = (await readFile(join(project.folder, file), 'utf8')).replace(
      /^schedule: .*$/m,
      `schedule: ${JSON.stringify(schedule)}\ndeliver: [${targets.join(', ')}]`,
    );
    await project.write(file, text);
    // On some days and hours the other briefs would have something due meanwhile.
    for (const { name } of await readdir(join(project.folder, 'templates'), { withFileTypes: true }))
      if (name !== brief && !name.startsWith('_'))
        await rm(join(project.folder, 'templates', name), { recursive: true });
    const now = new Date();
    const cursor = new Date(now.getTime() - DAYS * 86_400_000);
    await ledger.setCursor(brief, cursor);

    const env = {
      ...ledger.env,
      SITREP_SMTP_URL: `smtp://127.0.0.1:${port}`,
      SITREP_MAIL_FROM: 'briefs@example.org',
      SITREP_MAIL_DOMAINS: 'example.org',
    };
    const roles = ledger.roles;
    const services: Service[] = roles.map((role) => startService(project, role, env));
    const kills: Record<Moment, number> = { rendering: 0, storing: 0, sending: 0, accepted: 0 };
    const order: Moment[] = ['rendering', 'storing', 'sending', 'accepted'];

    try {
      for (let round = 0; round < KILLS; round += 1) {
        const moment = order[round % order.length] ?? 'rendering';
        // On PostgreSQL the scheduler is killed now and then too; what is under way at the workers goes on.
        if (round % 4 === 3 && roles.length > 1) {
          await services[0]?.kill();
          services[0] = startService(project, roles[0] ?? '', env);
        }
        const victim = await nextMoment(services, moment, (callback) => {
          onWhole = callback;
        });
        if (victim === undefined) break;
        kills[moment] += 1;
        await services[victim]?.kill();
        // On PostgreSQL the other worker also goes on with what the last one leaves behind.
        const isLast = round === KILLS - 1 && roles.length > 1;
        if (!isLast) services[victim] = startService(project, roles[victim] ?? '', env);
      }
      await settled(services);
    } finally {
      await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
      server.close();
    }

    const said = Object.entries(kills).map(([moment, count]) => `${count} ${moment}`);
    console.log(
      `Killed ${Object.values(kills).reduce((sum, count) => sum + count, 0)} times (${roles.join(', ')}): ${said.join(', ')}.`,
    );
    for (const moment of ['rendering', 'storing', 'sending'] as const)
      expect(kills[moment], moment).toBeGreaterThanOrEqual(Math.floor(KILLS / 10) + 1);
    expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(KILLS);

    // No slot missing, and none twice.
    const due = slotsBetween({ ...schedule, catchUp: 'all', whenNothingNew: 'issue' }, cursor, now).map(
      ({ asOf }) => `${brief}/${asOf}`,
    );
    expect(due.length).toBeGreaterThanOrEqual(DAYS - 1);
    const { editions, deliveries } = await ledger.read();
    expect(editions.map(({ id }) => id).toSorted()).toEqual(expect.arrayContaining(due));
    expect(new Set(editions.map(({ id }) => id)).size).toBe(editions.length);
    expect(editions.filter(({ state }) => state !== 'done')).toEqual([]);

    // Every edition is there whole, and is the one that the ledger speaks of.
    for (const { id, sha256 } of editions) {
      const manifest = await readEdition(join(project.folder, 'output', id));
      const pdf = manifest?.files.find(({ name }) => name.endsWith('.pdf'));
      expect(pdf?.sha256, id).toBe(sha256);
      expect(existsSync(join(project.folder, 'output/delivered/archive', brief, pdf?.name ?? '')), id).toBe(
        true,
      );
    }

    // Every delivery settled, one for each target of each edition.
    expect(deliveries).toHaveLength(editions.length * targets.length);
    expect(deliveries.filter(({ state }) => state !== 'sent')).toEqual([]);

    // Each recipient has each edition; what arrived twice bears the id that it had before.
    const sent = deliveries.filter(({ channel }) => channel === 'email');
    const ids = new Map<string, typeof arrived>();
    for (const message of arrived) ids.set(message.id, [...(ids.get(message.id) ?? []), message]);
    expect(ids.size).toBe(sent.length);
    const duplicates = arrived.length - ids.size;
    const window = kills.sending + kills.accepted;
    console.log(
      `${arrived.length} messages with ${ids.size} ids: ${duplicates} duplicates from ${window} kills while sending.`,
    );
    // With every kill in the window up to four messages were on their way.
    expect(duplicates).toBeLessThanOrEqual(window * 4);
    for (const [id, copies] of ids) {
      expect(new Set(copies.map(({ to, pdf }) => `${to} ${pdf}`)).size, id).toBe(1);
      expect(sent.map((delivery) => delivery.id)).toContain(/^<([0-9a-f]+)@/.exec(id)?.[1]);
    }
    for (const address of recipients) {
      const theirs = new Set(arrived.filter(({ to }) => to === address).map(({ pdf }) => pdf));
      expect(theirs, address).toEqual(new Set(editions.map(({ sha256 }) => sha256)));
    }
  },
);

/** Waits for one of the services to come to a moment; gives which, or undefined when all is done first. */
async function nextMoment(
  services: readonly Service[],
  moment: Moment,
  onWhole: (callback: (() => Promise<void>) | undefined) => void,
): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const over = new AbortController();
  if (moment === 'accepted') {
    // The connection does not tell which process it comes from: one that is sending. The others go on.
    onWhole(async () => {
      onWhole(undefined);
      const victim = services.findIndex(({ lines }) =>
        moments.sending(lines.findLast(isMail) ?? { msg: '' }),
      );
      if (victim < 0) return;
      resolve(victim);
      await services[victim]?.ended;
    });
  } else {
    for (const [index, service] of services.entries())
      service.onLine((line) => moments[moment](line) && resolve(index));
  }
  void settled(services, over.signal).then(
    () => resolve(undefined),
    () => {},
  );
  return promise.finally(() => {
    onWhole(undefined);
    over.abort();
  });
}

const isMail = ({ channel }: LogLine) => channel === 'email';

/** Resolves when nothing is open in the ledger any more; rejects when `signal` is aborted. */
async function settled(services: readonly Service[], signal?: AbortSignal): Promise<void> {
  const [service] = services;
  const ready = await service?.line(({ msg }) => msg === 'ready');
  await vi.waitFor(
    async () => {
      if (signal?.aborted) return;
      const at = `http://127.0.0.1:${String(ready?.['port'])}/metrics`;
      const text = await fetch(at, { headers: bearer(token) }).then((response) => response.text());
      const count = (pattern: RegExp) =>
        [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
      const all = count(/^sitrep_editions\{state="\w+"\} (\d+)$/gm);
      const open = count(/^sitrep_editions\{state="(?:queued|rendering|delivering)"\} (\d+)$/gm);
      if (all === 0 || open > 0) throw new Error(`${open} of ${all} editions are open.`);
    },
    { timeout: 1_500_000, interval: 250 },
  );
  signal?.throwIfAborted();
}
