import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { deliveryRow, editionActions } from './actions.ts';
import { editionHref, instant, named, reasonsOf } from './format.ts';
import type { Show } from './templates.ts';
import type { EditionService } from '../../editions/service.ts';
import { AppError } from '../../errors.ts';
import type { AuditRecord, Caller } from '../../ledger/principal.ts';
import { deliveryStates } from '../../ledger/records.ts';
import type { Locale } from '../../locale.ts';
import { callerOf } from '../auth.ts';

/** States of editions that need attention. */
const failureStates = ['held', 'failed', 'cancelled', 'skipped'] as const;

/** States of deliveries that need attention. */
const failedStates = ['failed', 'bounced', 'held'] as const;

/** The states that the page can filter by: of editions that were not generated, and of deliveries. */
const shownStates = [...new Set([...failureStates, ...deliveryStates])];

const query = z.object({
  brief: z.string().default(''),
  state: z.string().default(''),
  after: z.string().optional(),
});
/** Maximum number of editions or failed deliveries shown for each state. */
const MOST_FAILURES = 100;

async function gatherDeliveries(
  service: EditionService,
  caller: Caller,
  { brief: name, state, after }: z.output<typeof query>,
) {
  const brief = name === '' ? undefined : name;
  const isAll = state === '';
  const failures = await Promise.all(
    failureStates
      .filter((each) => isAll || each === state)
      .map((each) => service.editions(caller, { brief, state: each, limit: MOST_FAILURES })),
  );
  const ofDeliveries = deliveryStates.find((each) => each === state);
  const deliveries =
    isAll || ofDeliveries
      ? await service.deliveries(caller, { brief, state: ofDeliveries, after })
      : { items: [], next: null };
  // Failures come first on the first page, however many deliveries were sent since.
  const failed = await Promise.all(
    (isAll && after === undefined ? failedStates : []).map((each) =>
      service.deliveries(caller, { brief, state: each, limit: MOST_FAILURES }),
    ),
  );
  const first = failed.flatMap(({ items }) => items);
  const others = deliveries.items.filter(({ id }) => first.every((each) => each.id !== id));
  return {
    caller,
    briefs: await service.briefs(caller),
    wanted: { brief: name, state: shownStates.find((each) => each === state) ?? '' },
    failures: failures.flatMap(({ items }) => items),
    deliveries: [...first, ...others],
    /** The cursor of the next page. */
    next: deliveries.next,
  };
}

function operatorPage(
  { caller, briefs, wanted, failures, deliveries, next }: Awaited<ReturnType<typeof gatherDeliveries>>,
  locale: Locale,
) {
  const here = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ''));
  const back = `/deliveries${here.size > 0 ? `?${here.toString()}` : ''}`;
  const choices = (given: readonly { value: string; label: string }[], current: string) =>
    [{ value: '', label: locale.text('web.deliveries.all') }, ...given].map((each) => ({
      ...each,
      current: each.value === current,
    }));
  return {
    title: locale.text('web.deliveries.title'),
    filter: {
      briefs: choices(
        briefs.map(({ id, title }) => ({ value: id, label: title })),
        wanted.brief,
      ),
      states: choices(
        shownStates.map((value) => ({ value, label: named(locale, value).name })),
        wanted.state,
      ),
    },
    failures: failures.map((edition) => ({
      href: editionHref(edition.id),
      label: edition.id,
      state: named(locale, edition.state),
      since: instant(locale, edition.settledAt ?? edition.requestedAt),
      reasons: reasonsOf(edition.reason),
      actions: editionActions({ caller, locale }, edition),
    })),
    withEdition: true,
    canChange: true,
    deliveries: deliveries.map((delivery) => ({
      ...deliveryRow(delivery, { caller, locale, back }),
      edition: { href: editionHref(delivery.edition), label: delivery.edition },
    })),
    more: next === null ? null : `/deliveries?${new URLSearchParams([...here, ['after', next]]).toString()}`,
  };
}

function recordPage(
  entries: readonly AuditRecord[],
  { next, locale }: { next: string | null; locale: Locale },
) {
  return {
    title: locale.text('web.record.title'),
    entries: entries.map(({ at, who, what, edition, details, outcome }) => ({
      at: instant(locale, at, { seconds: true }),
      who,
      what: changeName(locale, what),
      edition: edition === null ? null : { href: editionHref(edition), label: edition },
      details: Object.entries(details)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', '),
      outcome: locale.text(`web.record.outcomes.${outcome}`),
    })),
    more: next === null ? null : `/record?after=${encodeURIComponent(next)}`,
  };
}

/** Entries of earlier versions may have names that are no longer used. */
function changeName(locale: Locale, what: string): string {
  const key = `web.record.changes.${what.replace(' ', '_')}`;
  return locale.keys.includes(key) ? locale.text(key) : what;
}

/** Routes for operators only: recipients, failures and the audit. */
export function operatorRoutes(
  app: FastifyInstance,
  { service, locale, show }: { service: EditionService; locale: Locale; show: Show },
): void {
  app.get('/deliveries', async (request, reply) => {
    const data = await gatherDeliveries(service, operatorOf(request), query.parse(request.query));
    return show({ request, reply }, 'operator', operatorPage(data, locale));
  });

  app.get('/record', async (request, reply) => {
    const { items, next } = await service.audit(operatorOf(request), {
      after: query.parse(request.query).after,
    });
    return show({ request, reply }, 'record', recordPage(items, { next, locale }));
  });
}

/** Throws `operation-forbidden` for callers with read access. */
function operatorOf(request: FastifyRequest): Caller {
  const caller = callerOf(request);
  if (caller.may === 'operate') return caller;
  const problem = `“${caller.name}” can only read. This page is for operators.`;
  throw new AppError('operation-forbidden', { problem, hint: 'Use a token with the role “operate”.' });
}
