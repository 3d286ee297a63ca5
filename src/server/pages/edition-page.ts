import { editionPath } from '../../ledger/edition-id.ts';
import type { Caller } from '../../ledger/principal.ts';
import type {
  BriefDetail,
  DeliveryView,
  EditionDetail,
  EditionView,
  StepRecord,
} from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import type { Brief } from '../../project/brief.ts';
import type { Step } from '../../render/edition.ts';
import type { Manifest } from '../../render/manifest.ts';
import { isSettled } from '../events.ts';
import { editionActions } from './actions.ts';
import { deliveriesOf } from './deliveries-table.ts';
import { downloadsOf, factsOf, revisionsOf } from './edition-facts.ts';
import type { changesShown, sourcesShown } from './evidence.ts';
import {
  briefHref,
  differences,
  editionHref,
  instant,
  isOpen,
  periodOf,
  reasonsOf,
  saysOf,
  stateOf,
  tally,
} from './format.ts';
import { pictureHref } from './overview.ts';

export interface EditionPageData {
  readonly caller: Caller;
  readonly locale: Locale;
  readonly edition: EditionDetail;
  readonly view: BriefDetail;
  readonly brief: Brief | null;
  readonly steps: readonly StepRecord[];
  readonly deliveries: readonly DeliveryView[];
  readonly parts: readonly EditionView[];
  /** The edition of the previous period, if there is one. */
  readonly previous: EditionView | null;
  /** The corrected revision that replaced the edition. */
  readonly replacedBy: EditionView | null;
  readonly manifest: Manifest | null;
  readonly changes: ReturnType<typeof changesShown> | null;
  readonly sources: ReturnType<typeof sourcesShown> | null;
}

export function editionPage(data: EditionPageData) {
  const { caller, locale, edition, view, brief, steps, previous, manifest, changes, sources } = data;
  const { text } = locale;
  const { id, state, asOf, title, issue, files } = edition;
  const href = editionHref(id);
  const period = periodOf(locale, asOf, brief?.config.period);
  const about = differences(locale, edition, view.paper);
  const whole = title ?? view.title;
  const isGenerated = files.length > 0;
  const isStuck = state === 'held' || state === 'failed';
  const api = `/api/editions/${editionPath(id)}`;
  return {
    title: `${whole}, ${period}`,
    heading: whole,
    trail: [
      { href: '/', label: text('web.nav.briefs') },
      { href: `${briefHref(edition.brief)}?year=${asOf.slice(0, 4)}`, label: view.title },
    ],
    marking: edition.marking ?? view.marking,
    dateline: [issue === null ? null : text('web.edition.number', { issue }), period, about]
      .filter(Boolean)
      .join(' · '),
    state: stateOf(locale, edition),
    says: saysOf(locale, edition),
    actions: editionActions({ caller, locale }, edition, { isReplaced: data.replacedBy !== null }),
    revisions: revisionsOf(locale, edition, data.replacedBy),
    isStuck,
    reasonsTitle: text(isStuck ? 'web.edition.problems' : 'web.edition.notes'),
    // The list of parts already shows that the edition fanned out.
    reasons: data.parts.length > 0 && !isStuck ? [] : reasonsOf(edition.reason),
    follow: isSettled(edition) ? null : followOf(edition, { steps, href, api, locale }),
    live: isGenerated || (!isOpen(state) && steps.length === 0) ? null : liveOf(edition, { steps, locale }),
    parts: partsOf(data),
    isGenerated,
    alt: text('web.edition.pdf', { title: whole, period }),
    files: { pdf: files.includes('pdf') ? `${api}/pdf` : null },
    picture: isGenerated ? pictureHref(edition) : null,
    summary: edition.summary,
    explain: `${href}/explain`,
    downloads: manifest && downloadsOf(locale, manifest, api),
    facts: factsOf(locale, edition, view.schedule?.timezone),
    deliveries: deliveriesOf({ ...data, targets: view.targets }, href),
    withEdition: false,
    canChange: caller.may === 'operate',
    changes:
      isGenerated && changes
        ? {
            ...changes,
            previous: previous && {
              href: editionHref(previous.id),
              label: text('web.edition.changes_edition', {
                period: periodOf(locale, previous.asOf, brief?.config.period),
              }),
            },
          }
        : null,
    sources: isGenerated ? sources : null,
    runs: edition.runs.map(({ number, startedAt, endedAt, outcome, reason }) => ({
      number,
      begun: instant(locale, startedAt, { seconds: true }),
      ended: endedAt && instant(locale, endedAt, { seconds: true }),
      outcome: text(outcomes[outcome]),
      // The last reason is already shown above.
      reasons: isStuck && reason === edition.reason ? [text('web.edition.as_above')] : reasonsOf(reason),
    })),
  };
}

const outcomes = {
  running: 'web.edition.outcomes.running',
  made: 'web.edition.outcomes.made',
  unchanged: 'web.edition.outcomes.unchanged',
  notice: 'web.edition.outcomes.notice',
  held: 'web.edition.outcomes.held',
  failed: 'web.edition.outcomes.failed',
  retried: 'web.edition.outcomes.retried',
  'given-back': 'web.edition.outcomes.given_back',
  lost: 'web.edition.outcomes.lost',
  cancelled: 'web.edition.outcomes.cancelled',
  skipped: 'web.edition.outcomes.skipped',
  'fanned-out': 'web.edition.outcomes.fanned_out',
} as const satisfies { readonly [outcome in EditionDetail['runs'][number]['outcome']]: string };

const stepKeys = {
  select: 'web.edition.step.select',
  analyse: 'web.edition.step.analyse',
  chart: 'web.edition.step.chart',
  compose: 'web.edition.step.compose',
  gate: 'web.edition.step.gate',
  print: 'web.edition.step.print',
  seal: 'web.edition.step.seal',
  inspect: 'web.edition.step.inspect',
  store: 'web.edition.step.store',
} as const satisfies { readonly [step in Step]: string };

/** The names of the steps, by their ids in the ledger. */
const stepNames = ({ text }: Locale): { [step: string]: string } =>
  Object.fromEntries(Object.entries(stepKeys).map(([step, key]) => [step, text(key)]));

/** Data for the page's script to follow the edition's progress. */
function followOf(
  { state }: EditionDetail,
  { steps, href, api, locale }: { steps: readonly StepRecord[]; href: string; api: string; locale: Locale },
) {
  const last = steps.at(-1);
  return {
    events: `${api}/events`,
    run: last?.run ?? 0,
    last: last?.number ?? 0,
    reload: href,
    isGenerated: !isOpen(state),
    names: JSON.stringify(stepNames(locale)),
  };
}

function liveOf(
  { state }: EditionDetail,
  { steps, locale }: { steps: readonly StepRecord[]; locale: Locale },
) {
  const ofLastRun = steps.filter(({ run }) => run === steps.at(-1)?.run);
  const names = stepNames(locale);
  return {
    isOpen: isOpen(state),
    waits: locale.text(state === 'queued' ? 'web.edition.waits_queued' : 'web.edition.waits_running'),
    steps: ofLastRun.map(({ step, at }) => ({
      step: names[step] ?? step,
      // All times are within minutes of each other, so they are given without the day. The script uses the same format.
      at: { iso: at.toISOString(), text: locale.clock(at) },
    })),
  };
}

function partsOf({ parts, view, locale }: EditionPageData) {
  if (parts.length === 0) return null;
  return {
    title: locale.text('web.editions_with_states', { count: parts.length, states: tally(locale, parts) }),
    editions: parts.map((part) => ({
      href: editionHref(part.id),
      title:
        part.title ??
        locale.text('web.edition.part_title', {
          title: view.title,
          parameters: differences(locale, part, view.paper),
        }),
      state: stateOf(locale, part),
      pages: part.pages ?? '',
    })),
  };
}
