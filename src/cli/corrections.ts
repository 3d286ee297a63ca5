import { z } from 'zod';
import type { Day } from '../calendar.ts';
import { AppError } from '../errors.ts';
import type { Operations, Where } from './context.ts';

const asked = z.object({
  edition: z.string(),
  replaces: z.string(),
  asOf: z.string(),
  changes: z.array(z.string()),
  passedOver: z.array(z.string()),
  receivers: z.number(),
  forgotten: z.number(),
});
const listed = z.array(
  z.object({
    edition: z.string(),
    changes: z.array(z.string()).default([]),
    problem: z.string().optional(),
  }),
);

/** Asks for the next revision of an edition, or lists the editions that rest on rows corrected since. */
export async function reissue(
  id: string | undefined,
  { asOf, list, out, json }: Where & { asOf?: Day | undefined; list: boolean },
  world: Operations,
): Promise<void> {
  if (list === (id !== undefined))
    throw new AppError('operation-refused', [
      {
        problem: 'Either an edition is corrected, or all are looked at.',
        mend: 'Name one edition, or give --list.',
      },
    ]);
  const day = asOf === undefined ? {} : { asOf };
  await world.withLedger({ out, work: false }, async (operate, { isServed }) => {
    if (id === undefined) {
      const answer = await operate('revised', day);
      world.print(json ? JSON.stringify(answer, null, 2) : describeList(listed.parse(answer)));
      return;
    }
    const answer = await operate('reissue', { id, ...day });
    world.print(json ? JSON.stringify(answer, null, 2) : describe(asked.parse(answer), { isServed }));
  });
}

function describe(
  { edition, replaces, asOf, changes, passedOver, receivers, forgotten }: z.output<typeof asked>,
  { isServed }: { isServed: boolean },
): string {
  return [
    `${edition} corrects ${replaces} as of ${asOf}, and goes to the ${receivers} that received an earlier revision:`,
    ...changes.map((change) => `  ${change}`),
    ...(passedOver.length > 0
      ? [`Left to later issues, on whose rows their revisions rest: ${passedOver.join(', ')}.`]
      : []),
    ...(forgotten > 0
      ? [
          `Of those, ${forgotten} had their address forgotten: their deliveries are held, for you to tell them.`,
        ]
      : []),
    ...(isServed ? [] : ['Nothing runs on this ledger now: "sitrep start" goes on with it.']),
  ].join('\n');
}

const describeList = (editions: z.output<typeof listed>): string =>
  editions.length === 0
    ? 'No edition that was delivered rests on rows that were revised or withdrawn since.'
    : editions
        .flatMap(({ edition, changes, problem }) => [
          `${edition}${problem === undefined ? '' : `: ${problem}`}`,
          ...changes.map((change) => `  ${change}`),
        ])
        .join('\n');
