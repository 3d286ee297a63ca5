import { deliveryStates } from '../../ledger/edition.ts';
import type { AuditRecord, Caller } from '../../ledger/principal.ts';
import type { DeliveryView, EditionView } from '../../ledger/views.ts';
import { editionActions } from './actions.ts';
import { deliveryRow } from './deliveries-table.ts';
import { editionHref, instant, reasonsOf } from './format.ts';

/** States of editions that need attention. */
export const failureStates = ['held', 'failed', 'cancelled', 'skipped'] as const;

/** States of deliveries that need attention. */
export const failedStates = ['failed', 'bounced', 'held'] as const;

/** The states that the page can filter by: of editions that were not generated, and of deliveries. */
const shownStates = [...new Set([...failureStates, ...deliveryStates])];
export const isFailure = (state: string): state is (typeof failureStates)[number] =>
  failureStates.some((each) => each === state);
export const isOfDelivery = (state: string): state is (typeof deliveryStates)[number] =>
  deliveryStates.some((each) => each === state);

export function operatorPage({
  caller,
  briefs,
  wanted,
  failures,
  deliveries,
  next,
}: {
  caller: Caller;
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
    title: 'Deliveries and failures',
    filter: {
      briefs: [
        { value: '', label: 'all' },
        ...briefs.map(({ id, title }) => ({ value: id, label: title })),
      ].map((each) => ({ ...each, current: each.value === wanted.brief })),
      states: ['', ...shownStates].map((value) => ({
        value,
        label: value === '' ? 'all' : value,
        current: value === wanted.state,
      })),
    },
    failures: failures.map((edition) => ({
      href: editionHref(edition.id),
      label: edition.id,
      state: edition.state,
      since: instant(edition.settledAt ?? edition.requestedAt),
      reasons: reasonsOf(edition.reason),
      actions: editionActions(caller, edition),
    })),
    withEdition: true,
    canChange: true,
    deliveries: deliveries.map((delivery) => ({
      ...deliveryRow(delivery, { caller, back }),
      edition: { href: editionHref(delivery.edition), label: delivery.edition },
    })),
    more: next === null ? null : `/deliveries?${new URLSearchParams([...here, ['after', next]]).toString()}`,
  };
}

/** The audit page. */
export function recordPage(entries: readonly AuditRecord[], next: string | null) {
  return {
    title: 'Record of changes',
    entries: entries.map(({ at, who, what, edition, details, outcome }) => ({
      at: instant(at, { seconds: true }),
      who,
      what,
      edition: edition === null ? null : { href: editionHref(edition), label: edition },
      details: Object.entries(details)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', '),
      outcome,
    })),
    more: next === null ? null : `/record?after=${encodeURIComponent(next)}`,
  };
}
