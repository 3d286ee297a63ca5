import type { Day } from '../calendar.ts';
import { refused } from '../editions/context.ts';
import { receivedText } from '../editions/format.ts';
import { AppError } from '../errors.ts';
import type { Backfilled, EditionView, Progress } from '../ledger/views.ts';
import { type CommandContext, listed, type Where } from './context.ts';

export interface BackfillOptions extends Where {
  readonly from: Day;
  readonly to: Day;
  readonly deliver: boolean;
}

const open: ReadonlySet<string> = new Set(['queued', 'rendering', 'delivering']);
const isBusy = ({ editions: { queued = 0, rendering = 0 }, deliveriesOnTheirWay }: Progress): boolean =>
  queued + rendering + deliveriesOnTheirWay > 0;

/** Requests the editions of past slots and reports progress until all are generated. Throws if some were not. */
export async function backfill(
  brief: string,
  { from, to, deliver, ...where }: BackfillOptions,
  context: CommandContext,
) {
  if (from > to) throw refused(`${from} is after ${to}.`, 'Make --from the earlier day.');
  await context.withLedger({ out: where.out, work: true }, async ({ service, caller }) => {
    const asked = await patiently(context, () => service.backfill(caller, brief, { from, to, deliver }));
    const report = (line: string) => (where.json ? undefined : context.print(line));
    report(backfillHead(brief, { from, to, deliver, ...asked }));
    const ours = async (): Promise<EditionView[]> => {
      const all = await patiently(context, () =>
        listed(Infinity, (part) => service.editions(caller, { brief, from, to, ...part })),
      );
      return all.filter(({ id, partOf }) => asked.all.includes(id) || asked.all.includes(partOf ?? ''));
    };
    const reported = new Map<string, string>();
    let before: string | undefined;
    for (;;) {
      const progress = await patiently(context, () => service.progress(caller, brief, { from, to }));
      // Editions are listed only when their progress has changed.
      const now = JSON.stringify(progress);
      const editions = now === before ? [] : await ours();
      before = now;
      for (const each of editions.toReversed()) {
        const line = `  ${each.id}: ${each.state}${each.reason === null ? '' : ` (${each.reason.split('\n')[0]})`}`;
        if (reported.get(each.id) !== line && !open.has(each.state)) report(line);
        reported.set(each.id, line);
      }
      if (!isBusy(progress)) break;
      await context.wait();
    }
    const made = await ours();
    const delivering = made.filter(({ state }) => state === 'delivering').toReversed();
    if (where.json) context.print(JSON.stringify(made, null, 2));
    for (const each of delivering) report(`  ${each.id}: generated; ${receivedText(each.recipients)}`);
    const fresh = made.filter(({ id, partOf }) => asked.new.includes(id) || asked.new.includes(partOf ?? ''));
    if (deliver && fresh.some(({ state, recipients }) => state === 'rendered' && recipients.total === 0))
      report(`Not everything was sent: "deliver" in templates/${brief}/brief.yaml names no target for it.`);
    const failed = made.filter(({ state }) => state === 'held' || state === 'failed');
    if (failed.length === 0) return;
    const faults = failed.map(({ id, state, reason }) => ({
      problem: `${id} is ${state}: ${reason ?? ''}`,
      hint: `Fix it, then "sitrep retry ${id}".`,
    }));
    throw new AppError('edition-held', faults);
  });
}

/** At least five minutes, longer than a server takes to restart. */
const MOST_WAITS = 3000;

/** Retries while the ledger is unavailable, for example while its server restarts. Repeated requests are harmless. */
async function patiently<T>({ wait }: Pick<CommandContext, 'wait'>, ask: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof AppError && error.code === 'ledger-unavailable';
      if (!isAway || waits === MOST_WAITS) throw error;
      await wait();
    }
  }
}

function backfillHead(
  brief: string,
  { from, to, deliver, all, new: fresh }: Omit<BackfillOptions, keyof Where> & Backfilled,
): string {
  if (all.length === 0) return `${brief} has no slot that reports through a day from ${from} to ${to}.`;
  const there = all.length - fresh.length;
  const left = deliver
    ? ', which are not sent again ("sitrep resend" does that)'
    : ', which are left as they are';
  return `${all.length === 1 ? '1 edition' : `${all.length} editions`} from ${from} to ${to}${there > 0 ? `, ${there} of them already in the ledger${left}` : ''}:`;
}
