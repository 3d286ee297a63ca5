import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { deliveryRow, editionActions } from './actions.ts';
import { editionHref, instant, named, reasonsOf } from './format.ts';
import type { Show } from './templates.ts';
import type { EditionService } from '../../editions/service.ts';
import { AppError } from '../../errors.ts';
import type { AuditRecord, Caller } from '../../ledger/principal.ts';
import { deliveryStates } from '../../ledger/records.ts';
import type { DeliveryView, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import { callerOf } from '../auth.ts';

/** States of editions that need attention. */
const failureStates = ['held', 'failed', 'cancelled', 'skipped'] as const;

/** States of deliveries that need attention. */
const failedStates = ['failed', 'bounced', 'held'] as const;

/** The states that the page can filter by: of editions that were not generated, and of deliveries. */
const shownStates = [...new Set([...failureStates, ...deliveryStates])];
const isFailure = (state: string): state is (typeof failureStates)[number] =>
  failureStates.some((each) => each === state);
const isOfDelivery = (state: string): state is (typeof deliveryStates)[number] =>
  deliveryStates.some((each) => each === state);

function operatorPage({
  caller,
  locale,
  briefs,
  wanted,
  failures,
  deliveries,
  next,
}: {
  caller: Caller;
  locale: Locale;
  briefs: readonly { readonly id: string; readonly title: string }[];
  wanted: { readonly brief: string; readonly state: string };
  failures: readonly EditionView[];
  deliveries: readonly DeliveryView[];
  /** The cursor of the next page. */
  next: string | null;
}) {
  const here = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ''));
  const back = `/deliveries${here.size > 0 ? `?${here.toString()}` : ''}`;
  return {
    title: locale.text('web.deliveries.title'),
    filter: {
      briefs: [
        { value: '', label: locale.text('web.deliveries.all') },
        ...briefs.map(({ id, title }) => ({ value: id, label: title })),
      ].map((each) => ({ ...each, current: each.value === wanted.brief })),
      states: [
        { value: '', label: locale.text('web.deliveries.all') },
        ...shownStates.map((value) => ({ value, label: named(locale, value).name })),
      ].map((each) => ({ ...each, current: each.value === wanted.state })),
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

/** The audit page. */
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
  { service, locale, show }: { service: EditionService; locale: Locale; show: Show },
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
      locale,
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
