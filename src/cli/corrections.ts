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
        problem: 'Give one edition to correct, or --list, not both or neither.',
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
      ? [`Not included, because these revisions rest on rows of later issues: ${passedOver.join(', ')}.`]
      : []),
    ...(forgotten > 0
      ? [
          `The addresses of ${forgotten} of them were forgotten: their deliveries are on hold, so you have to inform them yourself.`,
        ]
      : []),
    ...(isServed ? [] : ['No process is working on this ledger now: "sitrep start" continues the work.']),
  ].join('\n');
}

const describeList = (editions: readonly Correctable[]): string =>
  editions.length === 0
    ? 'No delivered edition rests on rows that were revised or withdrawn since.'
    : editions
        .flatMap(({ edition, changes, problem }) => [
          `${edition}${problem === null ? '' : `: ${problem}`}`,
          ...changes.map((change) => `  ${change}`),
        ])
        .join('\n');
