import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EditionService } from '../../editions/service.ts';
import { AppError } from '../../errors.ts';
import type { Caller } from '../../ledger/principal.ts';
import { callerOf } from '../auth.ts';
import {
  failedStates,
  failureStates,
  isFailure,
  isOfDelivery,
  operatorPage,
  recordPage,
} from './operator-page.ts';
import type { Show } from './templates.ts';

const query = z.object({
  brief: z.string().default(''),
  state: z.string().default(''),
  after: z.string().optional(),
});
/** Maximum number of editions or failed deliveries shown for each state. */
const MOST_FAILURES = 100;

/** Routes for operators only: recipients, failures and the audit. */
export function operatorRoutes(
  app: FastifyInstance,
  { service, show }: { service: EditionService; show: Show },
): void {
  app.get('/deliveries', async (request, reply) => {
    const caller = operatorOf(request);
    const { brief, state, after } = query.parse(request.query);
    const of = brief === '' ? {} : { brief };
    const wanted = state === '' ? failureStates : failureStates.filter((each) => each === state);
    const failures = await Promise.all(
      wanted.map((each) => service.editions(caller, { ...of, state: each, limit: MOST_FAILURES })),
    );
    const deliveries =
      state === '' || isOfDelivery(state)
        ? await service.deliveries(caller, { ...of, ...(isOfDelivery(state) && { state }), after })
        : { items: [], next: null };
    // Failures come first on the first page, however many deliveries were sent since.
    const failed = await Promise.all(
      (state === '' && after === undefined ? failedStates : []).map((each) =>
        service.deliveries(caller, { ...of, state: each, limit: MOST_FAILURES }),
      ),
    );
    const first = failed.flatMap(({ items }) => items);
    const others = deliveries.items.filter(({ id }) => first.every((each) => each.id !== id));
    const page = operatorPage({
      caller,
      briefs: await service.briefs(caller),
      wanted: { brief, state: isFailure(state) || isOfDelivery(state) ? state : '' },
      failures: failures.flatMap(({ items }) => items),
      deliveries: [...first, ...others],
      next: deliveries.next,
    });
    return show({ request, reply }, 'operator', page);
  });

  app.get('/record', async (request, reply) => {
    const { items, next } = await service.audit(operatorOf(request), {
      after: query.parse(request.query).after,
    });
    return show({ request, reply }, 'record', recordPage(items, next));
  });
}

/** Throws `operation-forbidden` for callers with read access. */
function operatorOf(request: FastifyRequest): Caller {
  const caller = callerOf(request);
  if (caller.may === 'operate') return caller;
  const problem = `“${caller.name}” may only read, and this is for operators.`;
  throw new AppError('operation-forbidden', [{ problem, hint: 'Ask for a token that may operate.' }]);
}
