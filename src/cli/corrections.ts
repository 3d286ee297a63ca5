import type { Day } from '../calendar.ts';
import { AppError } from '../errors.ts';
import type { Correctable, Reissued } from '../ledger/views.ts';
import { type CommandContext, show, type Where } from './context.ts';

/** Requests the next revision of an edition, or lists the editions with rows corrected since. */
export async function reissue(
  id: string | undefined,
  { asOf, list, out, json }: Where & { asOf?: Day | undefined; list: boolean },
  context: CommandContext,
): Promise<void> {
  if (list === (id !== undefined))
    throw new AppError('operation-refused', [
      {
        problem: 'Either an edition is corrected, or all are looked at.',
        hint: 'Name one edition, or give --list.',
      },
    ]);
  await context.withLedger({ out, work: false }, async ({ service, caller, isServed }) => {
    if (id === undefined) {
      const rows = await service.correctable(caller, asOf);
      show(context, { json, rows, text: () => describeList(rows) });
    } else {
      const rows = await service.reissue(caller, id, asOf);
      show(context, { json, rows, text: () => describe(rows, { isServed }) });
    }
  });
}

function describe(
  { edition, replaces, asOf, changes, passedOver, recipients, forgotten }: Reissued,
  { isServed }: { isServed: boolean },
): string {
  return [
    `${edition} corrects ${replaces} as of ${asOf}, and goes to the ${recipients} that received an earlier revision:`,
    ...changes.map((change) => `  ${change}`),
    ...(passedOver.length > 0
      ? [`Left to later issues, on whose rows their revisions rest: ${passedOver.join(', ')}.`]
      : []),
    ...(forgotten > 0
      ? [
          `Of those, ${forgotten} had their address forgotten: their deliveries are on hold, and you have to inform them.`,
        ]
      : []),
    ...(isServed ? [] : ['Nothing runs on this ledger now: "sitrep start" goes on with it.']),
  ].join('\n');
}

const describeList = (editions: readonly Correctable[]): string =>
  editions.length === 0
    ? 'No edition that was delivered rests on rows that were revised or withdrawn since.'
    : editions
        .flatMap(({ edition, changes, problem }) => [
          `${edition}${problem === null ? '' : `: ${problem}`}`,
          ...changes.map((change) => `  ${change}`),
        ])
        .join('\n');
