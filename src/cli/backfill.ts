import { z } from 'zod';
import type { Day } from '../calendar.ts';
import { delivery, edition, receivedText, toJson } from '../editions/format.ts';
import type { Operate } from '../editions/operations.ts';
import { AppError } from '../errors.ts';
import type { Operations, Where } from './context.ts';

export interface BackfillOptions {
  readonly from: Day;
  readonly to: Day;
  readonly deliver: boolean;
}

const open: ReadonlySet<string> = new Set(['queued', 'rendering', 'delivering']);

/** Asks for the editions of past slots and tells of each until all are made. Throws for those that were not. */
export async function backfill(
  brief: string,
  { from, to, deliver, ...where }: Where & BackfillOptions,
  world: Operations,
) {
  if (from > to)
    throw new AppError('operation-refused', [
      { problem: `${from} is after ${to}.`, mend: 'Give --from the earlier day.' },
    ]);
  await world.withLedger({ out: where.out, work: true }, async (reached) => {
    const operate = patiently(reached, world);
    const answer = await operate('backfill', { brief, from, to, deliver });
    const asked = z.object({ all: z.array(z.string()), new: z.array(z.string()) }).parse(answer);
    if (!where.json) world.print(backfillHead(brief, { from, to, deliver, ...asked }));
    const told = new Map<string, string>();
    for (;;) {
      const all = z.array(edition).parse(toJson(await operate('runs', { brief, limit: 100_000 })));
      const ours = all.filter(({ id, partOf }) => asked.all.includes(id) || asked.all.includes(partOf ?? ''));
      for (const each of ours.toReversed()) {
        const line = `  ${each.id}: ${each.state}${each.reason === null ? '' : ` (${each.reason.split('\n')[0]})`}`;
        if (!where.json && told.get(each.id) !== line && !open.has(each.state)) world.print(line);
        told.set(each.id, line);
      }
      const sent = z.array(delivery).parse(toJson(await operate('deliveries', { brief, limit: 100_000 })));
      const ids = new Set(ours.map(({ id }) => id));
      const onTheirWay = sent.filter(
        // Alerts go out when their time comes, and a backfill does not wait for that.
        ({ edition: id, content, state }) =>
          ids.has(id) &&
          (content === 'edition' || content === 'notice') &&
          (state === 'pending' || state === 'sending'),
      );
      // A delivery that was tried and put off is tried again later, by whoever runs then.
      const busy =
        ours.some(({ state }) => state === 'queued' || state === 'rendering') ||
        onTheirWay.some(({ state, attempt }) => state === 'sending' || attempt === 0);
      if (!busy) {
        if (where.json) world.print(JSON.stringify(ours, null, 2));
        else
          for (const each of ours.filter(({ state }) => state === 'delivering').toReversed())
            world.print(`  ${each.id}: made; ${receivedText(each.recipients)}`);
        refuseFailures(ours);
        return;
      }
      await world.wait();
    }
  });
}

/** Five minutes at least: a server that restarts is back in less. */
const MOST_WAITS = 3000;

/** Tries again while the ledger is away, as when its server restarts: asking twice does no harm. */
const patiently =
  (operate: Operate, world: Pick<Operations, 'wait'>): Operate =>
  async (name, input) => {
    for (let waits = 0; ; waits += 1) {
      try {
        return await operate(name, input);
      } catch (error) {
        const isAway = error instanceof AppError && error.code === 'ledger-unavailable';
        if (!isAway || waits === MOST_WAITS) throw error;
        await world.wait();
      }
    }
  };

/** What was not made is no success. */
function refuseFailures(editions: readonly z.output<typeof edition>[]): void {
  const failed = editions.filter(({ state }) => state === 'held' || state === 'failed');
  if (failed.length === 0) return;
  throw new AppError(
    'edition-held',
    failed.map(({ id, state, reason }) => ({
      problem: `${id} is ${state}: ${reason ?? ''}`,
      mend: `Mend it, then "sitrep retry ${id}".`,
    })),
  );
}

function backfillHead(
  brief: string,
  {
    from,
    to,
    deliver,
    all,
    new: fresh,
  }: { from: Day; to: Day; deliver: boolean; all: readonly string[]; new: readonly string[] },
): string {
  if (all.length === 0) return `${brief} has no slot that reports through a day from ${from} to ${to}.`;
  const there = all.length - fresh.length;
  const left = deliver
    ? ', and not sent by this ("sitrep resend" sends what is made)'
    : ', and left as they are';
  return `${all.length === 1 ? '1 edition' : `${all.length} editions`} from ${from} to ${to}${there > 0 ? `, ${there} of them known to the ledger already${left}` : ''}:`;
}
