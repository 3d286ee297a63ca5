import type { EditionPageData } from './queries.ts';
import { deliveriesOf, editionActions } from './actions.ts';
import {
  briefHref,
  differences,
  editionHref,
  factIn,
  instant,
  isOpen,
  periodOf,
  reasonsOf,
  saysOf,
  stateOf,
  tally,
} from './format.ts';
import { pictureHref } from './overview.ts';
import { fileSize } from '../../formats.ts';
import { editionPath } from '../../ledger/edition-id.ts';
import type { EditionDetail, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import { steps as stepIds } from '../../render/edition.ts';
import type { Manifest } from '../../render/manifest.ts';
import { isSettled } from '../events.ts';

export function editionPage(data: EditionPageData) {
  const { caller, locale, edition, view, brief, previous, manifest, changes, sources } = data;
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
    ...progressOf(data, api),
    parts: partsOf(data),
    isGenerated,
    alt: text('web.edition.pdf', { title: whole, period }),
    files: { pdf: files.includes('pdf') ? `${api}/pdf` : null },
    picture: isGenerated ? pictureHref(edition) : null,
    summary: edition.summary,
    explain: `${href}/explain`,
    downloads: manifest && downloadsOf(locale, manifest, api),
    facts: factsOf(locale, edition, view.schedule?.timezone),
    deliveries: deliveriesOf(data, href),
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
      outcome: text(`web.edition.outcomes.${outcome.replace('-', '_')}`),
      // The last reason is already shown above.
      reasons: isStuck && reason === edition.reason ? [text('web.edition.as_above')] : reasonsOf(reason),
    })),
  };
}

/** The steps so far, and what the page's script needs to follow the edition. */
function progressOf({ edition, steps, locale: { text, clock } }: EditionPageData, api: string) {
  const names = Object.fromEntries(stepIds.map((step) => [step, text(`web.edition.step.${step}`)]));
  const last = steps.at(-1);
  const isRunning = isOpen(edition.state);
  return {
    follow: isSettled(edition)
      ? null
      : {
          events: `${api}/events`,
          run: last?.run ?? 0,
          last: last?.number ?? 0,
          reload: editionHref(edition.id),
          isGenerated: !isRunning,
          names: JSON.stringify(names),
        },
    live:
      edition.files.length > 0 || (!isRunning && steps.length === 0)
        ? null
        : {
            isOpen: isRunning,
            waits: text(
              edition.state === 'queued' ? 'web.edition.waits_queued' : 'web.edition.waits_running',
            ),
            steps: steps
              .filter(({ run }) => run === last?.run)
              .map(({ step, at }) => ({
                step: names[step] ?? step,
                // All times are within minutes of each other, so they are given without the day, as in the script.
                at: { iso: at.toISOString(), text: clock(at) },
              })),
          },
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

function downloadsOf({ text, tag }: Locale, { files, pages }: Manifest, api: string) {
  const size = (kind: string) =>
    fileSize(tag, files.find(({ name }) => name.endsWith(`.${kind}`))?.bytes ?? 0);
  const link = (kind: string, label: string, note: string) => ({
    label,
    href: `${api}/${kind}`,
    note,
    save: kind === 'pdf',
  });
  const note = text('web.edition.file_pdf_note', { pages: pages ?? 0, size: size('pdf') });
  return [
    link('pdf', text('web.edition.file_pdf'), note),
    link('html', text('web.edition.file_html'), text('web.edition.file_html_note', { size: size('html') })),
    link('manifest', text('web.edition.file_manifest'), text('web.edition.file_manifest_note')),
  ];
}

/** How an edition came about. The time at which it was due is also given in its brief's time zone. */
export function factsOf(locale: Locale, edition: EditionDetail, timeZone: string | undefined) {
  const { origin, slot, pages } = edition;
  const { text } = locale;
  const fact = factIn(locale);
  const due = slot && timeZone ? locale.moment(slot, { timeZone, weekday: true }) : null;
  return [
    ...fact(text('web.edition.fact.origin'), text(`web.edition.fact.origin_${origin}`)),
    ...fact(text('web.edition.fact.slot'), due, slot),
    ...fact(text('web.edition.fact.requested'), null, edition.requestedAt),
    ...fact(text('web.edition.fact.generated'), null, edition.renderedAt),
    ...fact(text('web.edition.fact.finished'), null, edition.settledAt),
    ...fact(text('web.edition.fact.paper'), edition.paper),
    ...fact(text('web.edition.fact.pages'), pages === null ? null : String(pages)),
    ...Object.entries(edition.parameters).flatMap(([name, value]) => fact(name, value)),
    ...fact(text('web.edition.fact.sha256'), edition.sha256),
    ...edition.approvals.flatMap(({ decision, decidedAt, user, namedBy, claimedName: claimed }) => {
      // A claimed name is marked as such, unlike one known to the system or the server.
      const who =
        claimed === null
          ? text('web.edition.decided_by', { user, namedBy })
          : text('web.edition.decided_for', { claimed, user, namedBy });
      return fact(text(`web.edition.fact.${decision}`, { who }), null, decidedAt);
    }),
  ];
}

type Revision = Pick<EditionView, 'correction'>;

/** The revision that replaced an edition, and the one that it replaces. */
export function revisionsOf(
  locale: Locale,
  { correction }: Revision,
  replacedBy: (Revision & { id: string }) | null,
): { says: string; link: { href: string; label: string }; more: string }[] {
  const { text } = locale;
  const linkTo = (id: string) => ({ href: editionHref(id), label: id });
  const later = replacedBy?.correction;
  return [
    ...(replacedBy && later
      ? [
          {
            says: text('web.edition.replaced'),
            link: linkTo(replacedBy.id),
            more: text('web.edition.replaced_as_of', { day: locale.longDay(later.asOf) }),
          },
        ]
      : []),
    ...(correction
      ? [
          {
            says: text('web.edition.corrects'),
            link: linkTo(correction.replaces.edition),
            more: text('web.edition.corrects_as_of', { day: locale.longDay(correction.asOf) }),
          },
        ]
      : []),
  ];
}
