import { shownState } from '../../editions/format.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import type { Caller } from '../../ledger/principal.ts';
import type {
  BriefDetail,
  DeliveryView,
  EditionDetail,
  EditionView,
  StepRecord,
} from '../../ledger/views.ts';
import type { Brief } from '../../project/brief.ts';
import type { Manifest } from '../../render/manifest.ts';
import { isSettled } from '../events.ts';
import { editionActions } from './actions.ts';
import { tally } from './calendar.ts';
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
  plural,
  reasonsOf,
  saysOf,
} from './format.ts';
import { pictureHref } from './overview.ts';

export interface EditionTold {
  readonly caller: Caller;
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

export function editionPage(told: EditionTold) {
  const { caller, edition, view, brief, steps, previous, manifest, changes, sources } = told;
  const { id, state, asOf, title, issue, files } = edition;
  const href = editionHref(id);
  const period = periodOf(asOf, brief?.config.period);
  const about = differences(edition, view.paper);
  const whole = title ?? view.title;
  const isMade = files.length > 0;
  const wrong = state === 'held' || state === 'failed';
  const api = `/api/editions/${editionPath(id)}`;
  return {
    title: `${whole}, ${period}`,
    heading: whole,
    trail: [
      { href: '/', label: 'Briefs' },
      { href: `${briefHref(edition.brief)}?year=${asOf.slice(0, 4)}`, label: view.title },
    ],
    marking: edition.marking ?? view.marking,
    dateline: [issue === null ? null : `No. ${issue}`, period, about].filter(Boolean).join(' · '),
    state: shownState(edition),
    says: saysOf(edition),
    actions: editionActions(caller, edition, { isReplaced: told.replacedBy !== null }),
    revisions: revisionsOf(edition, told.replacedBy),
    wrong,
    reasonsTitle: wrong ? 'Why it was not made' : 'What there is to say',
    // The list of parts already shows that the edition fanned out.
    reasons: told.parts.length > 0 && !wrong ? [] : reasonsOf(edition.reason),
    follow: isSettled(edition) ? null : followOf(edition, { steps, href, api }),
    live: isMade || (!isOpen(state) && steps.length === 0) ? null : liveOf(edition, steps),
    parts: partsOf(told),
    isMade,
    alt: `${whole}, ${period}, as PDF`,
    files: { pdf: files.includes('pdf') ? `${api}/pdf` : null },
    picture: isMade ? pictureHref(edition) : null,
    summary: edition.summary,
    explain: `${href}/explain`,
    downloads: manifest && downloadsOf(manifest, api),
    facts: factsOf(edition, view.schedule?.timezone),
    deliveries: deliveriesOf({ ...told, targets: view.targets }, href),
    withEdition: false,
    canChange: caller.may === 'operate',
    changes: isMade && changes ? { ...changes, previous: previous && linkTo(previous, brief) } : null,
    sources: isMade ? sources : null,
    runs: edition.runs.map(({ number, startedAt, endedAt, outcome, reason }) => ({
      number,
      begun: instant(startedAt, { seconds: true }),
      ended: endedAt && instant(endedAt, { seconds: true }),
      outcome,
      // The last reason is already shown above.
      reasons: wrong && reason === edition.reason ? ['As above.'] : reasonsOf(reason),
    })),
  };
}

/** Data for the page's script to follow the edition's progress. */
function followOf(
  { state }: EditionDetail,
  { steps, href, api }: { steps: readonly StepRecord[]; href: string; api: string },
) {
  const last = steps.at(-1);
  const events = `${api}/events`;
  return { events, run: last?.run ?? 0, last: last?.number ?? 0, reload: href, isMade: !isOpen(state) };
}

function liveOf({ state }: EditionDetail, steps: readonly StepRecord[]) {
  const ofLastRun = steps.filter(({ run }) => run === steps.at(-1)?.run);
  return {
    isOpen: isOpen(state),
    waits:
      state === 'queued' ? 'It begins when those before it are made.' : 'Most editions take a few seconds.',
    steps: ofLastRun.map(({ step, at }) => ({
      step,
      // All times are within minutes of each other, so the day is shown elsewhere. The script uses the same format.
      at: { iso: at.toISOString(), text: `${at.toISOString().slice(11, 19)} UTC` },
    })),
  };
}

function partsOf({ parts, view }: EditionTold) {
  if (parts.length === 0) return null;
  return {
    title: `${plural(parts.length, 'edition')}: ${tally(parts)}`.replace(/^one/, 'One'),
    editions: parts.map((part) => ({
      href: editionHref(part.id),
      title: part.title ?? `${view.title}: ${differences(part, view.paper)}`,
      state: shownState(part),
      pages: part.pages ?? '',
    })),
  };
}

const linkTo = (edition: EditionView, brief: Brief | null) => ({
  href: editionHref(edition.id),
  label: `the edition of ${periodOf(edition.asOf, brief?.config.period)}`,
});
