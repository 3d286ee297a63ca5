import { longDay } from '../../dataset/wording.ts';
import { decidedBy, localTime } from '../../editions/format.ts';
import type { EditionDetail, EditionView } from '../../ledger/views.ts';
import type { Manifest } from '../../render/manifest.ts';
import { editionHref, type Instant, instant, plural } from './format.ts';

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1000).toLocaleString('en-GB')} kB`;

/** Links to the files of an edition. */
export function downloadsOf({ files, pages }: Manifest, api: string) {
  const sizeOf = (kind: string) => kilobytes(files.find(({ name }) => name.endsWith(`.${kind}`))?.bytes ?? 0);
  return [
    { label: 'PDF', href: `${api}/pdf`, note: `${plural(pages ?? 0, 'page')}, ${sizeOf('pdf')}`, save: true },
    {
      label: 'HTML',
      href: `${api}/html`,
      note: `with the rows behind each chart, ${sizeOf('html')}`,
      save: false,
    },
    { label: 'Manifest', href: `${api}/manifest`, note: 'what it was made from, with hashes', save: false },
  ];
}

const origins = {
  schedule: 'its schedule',
  backfill: 'a backfill',
  request: 'a request',
  correction: 'a correction',
} as const;

const capital = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;

/** How an edition came about. Its slot is also given in its brief's time zone. */
export function factsOf(
  edition: EditionDetail,
  timeZone: string | undefined,
): { label: string; text: string; at: Instant | null }[] {
  const { origin, slot, requestedAt, renderedAt, settledAt, paper, pages, sha256 } = edition;
  const at = (label: string, when: Date | null) =>
    when === null ? [] : [{ label, text: '', at: instant(when) }];
  const text = (label: string, words: string | null) =>
    words === null ? [] : [{ label, text: words, at: null }];
  return [
    ...text('Origin', origins[origin]),
    ...(slot && timeZone
      ? [{ label: 'Slot', text: localTime(slot, timeZone), at: instant(slot) }]
      : at('Slot', slot)),
    ...at('Asked for', requestedAt),
    ...at('Made', renderedAt),
    ...at('Settled', settledAt),
    ...text('Paper', paper),
    ...text('Pages', pages === null ? null : String(pages)),
    ...Object.entries(edition.parameters).flatMap(([name, value]) => text(name, value)),
    ...text('SHA-256', sha256),
    ...edition.approvals.flatMap((approval) =>
      at(`${capital(approval.decision)} by ${decidedBy(approval)}`, approval.decidedAt),
    ),
  ];
}

type Revision = Pick<EditionView, 'correction'>;

export interface Revised {
  readonly says: string;
  readonly link: { readonly href: string; readonly label: string };
  readonly more: string;
}

/** The revisions that an edition replaced and the one that replaced it. */
export function revisionsOf(
  { correction }: Revision,
  replacedBy: (Revision & { id: string }) | null,
): Revised[] {
  const linkTo = (id: string) => ({ href: editionHref(id), label: id });
  const later = replacedBy?.correction;
  return [
    ...(replacedBy && later
      ? [
          {
            says: 'A corrected revision took the place of this edition:',
            link: linkTo(replacedBy.id),
            more: ` as of ${longDay(later.asOf)}. This one is not sent any more.`,
          },
        ]
      : []),
    ...(correction
      ? [
          {
            says: 'This revision corrects',
            link: linkTo(correction.replaces.edition),
            more: ` as of ${longDay(correction.asOf)}.`,
          },
        ]
      : []),
  ];
}
