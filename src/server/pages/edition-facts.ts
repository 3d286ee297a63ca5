import { fileSize } from '../../formats.ts';
import type { EditionDetail, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import type { Manifest } from '../../render/manifest.ts';
import { editionHref, type Instant, instant } from './format.ts';

/** Links to the files of an edition. */
export function downloadsOf({ text, tag }: Locale, { files, pages }: Manifest, api: string) {
  const size = (kind: string) =>
    fileSize(tag, files.find(({ name }) => name.endsWith(`.${kind}`))?.bytes ?? 0);
  return [
    {
      label: text('web.edition.file_pdf'),
      href: `${api}/pdf`,
      note: text('web.edition.file_pdf_note', { pages: pages ?? 0, size: size('pdf') }),
      save: true,
    },
    {
      label: text('web.edition.file_html'),
      href: `${api}/html`,
      note: text('web.edition.file_html_note', { size: size('html') }),
      save: false,
    },
    {
      label: text('web.edition.file_manifest'),
      href: `${api}/manifest`,
      note: text('web.edition.file_manifest_note'),
      save: false,
    },
  ];
}

const origins = {
  schedule: 'web.edition.fact.origin_schedule',
  backfill: 'web.edition.fact.origin_backfill',
  request: 'web.edition.fact.origin_request',
  correction: 'web.edition.fact.origin_correction',
} as const satisfies { readonly [origin in EditionView['origin']]: string };

const decisionKeys = {
  approved: 'web.edition.fact.approved',
  disapproved: 'web.edition.fact.disapproved',
} as const;

/** How an edition came about. The time at which it was due is also given in its brief's time zone. */
export function factsOf(
  locale: Locale,
  edition: EditionDetail,
  timeZone: string | undefined,
): { label: string; text: string; at: Instant | null }[] {
  const { origin, slot, requestedAt, renderedAt, settledAt, paper, pages, sha256 } = edition;
  const { text } = locale;
  const moment = (label: string, when: Date | null) =>
    when === null ? [] : [{ label, text: '', at: instant(locale, when) }];
  const fact = (label: string, words: string | null) =>
    words === null ? [] : [{ label, text: words, at: null }];
  return [
    ...fact(text('web.edition.fact.origin'), text(origins[origin])),
    ...(slot && timeZone
      ? [
          {
            label: text('web.edition.fact.slot'),
            text: locale.moment(slot, { timeZone, weekday: true }),
            at: instant(locale, slot),
          },
        ]
      : moment(text('web.edition.fact.slot'), slot)),
    ...moment(text('web.edition.fact.requested'), requestedAt),
    ...moment(text('web.edition.fact.generated'), renderedAt),
    ...moment(text('web.edition.fact.finished'), settledAt),
    ...fact(text('web.edition.fact.paper'), paper),
    ...fact(text('web.edition.fact.pages'), pages === null ? null : String(pages)),
    ...Object.entries(edition.parameters).flatMap(([name, value]) => fact(name, value)),
    ...fact(text('web.edition.fact.sha256'), sha256),
    ...edition.approvals.flatMap((approval) =>
      moment(text(decisionKeys[approval.decision], { who: decidedBy(locale, approval) }), approval.decidedAt),
    ),
  ];
}

/** Who decided. A claimed name is marked as such, unlike one known to the system or the server. */
const decidedBy = (
  { text }: Locale,
  {
    user,
    namedBy,
    claimedName,
  }: Pick<EditionDetail['approvals'][number], 'user' | 'namedBy' | 'claimedName'>,
): string =>
  claimedName === null
    ? text('web.edition.decided_by', { user, namedBy })
    : text('web.edition.decided_for', { claimed: claimedName, user, namedBy });

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
