import type { MailSettings } from '../../model/delivery-settings.ts';
import { longDay } from '../../model/wording.ts';
import type { Parcel } from '../../runtime/parcel.ts';

/** Where the PDF is: in the message, or elsewhere because that would be larger than `maxBytes`. */
export type Enclosure = 'attached' | 'left-out';

const kinds = { edition: '', notice: 'Notice: ', alert: 'Alert: ' } as const;

/** `[TLP:CLEAR] Title, 2021-W33, as of 22 August 2021`, and `Correction: …, revision 2` */
export const subjectOf = (parcel: Parcel): string =>
  `[${parcel.marking}] ${parcel.correction === null ? kinds[parcel.kind] : 'Correction: '}${headingOf(parcel)}`;

const headingOf = ({ title, issue, asOf, correction }: Parcel): string =>
  [title, issue, `as of ${longDay(asOf)}`, correction ? `revision ${correction.revision}` : '']
    .filter((part) => part !== '')
    .join(', ');

/** What a correction is, and of what. */
const correctionWords = ({ issue, correction }: Parcel): string[] =>
  correction === null
    ? []
    : [
        `This corrects the issue ${issue} as it was sent before (${correction.replaces}), and takes its place. It takes ` +
          `in what was revised or withdrawn by ${longDay(correction.asOf)}:`,
        ...correction.changes.map((change) => change.replace(/^./, (first) => first.toUpperCase())),
      ];

/** The same words as plain text and as HTML, the marking first and last. */
export function bodiesOf(
  parcel: Parcel,
  { enclosure, mail }: { enclosure: Enclosure; mail: MailSettings },
): { text: string; html: string } {
  const { marking, pdf } = parcel;
  const heading = headingOf(parcel);
  const paragraphs = [...correctionWords(parcel), ...parcel.paragraphs];
  const about = pdf === null ? [] : [whereThePdfIs(parcel, pdf, { enclosure, mail })];
  const footer = whyYou(parcel, mail);
  const link = enclosure === 'left-out' && pdf?.url ? [pdf.url] : [];
  return {
    text: [marking, heading, ...paragraphs, ...about, ...link, footer, marking].join('\n\n') + '\n',
    html: [
      '<!doctype html><html lang="en"><head><meta charset="utf-8">',
      `<title>${escape(heading)}</title></head>`,
      '<body style="font-family: sans-serif; max-width: 40em">',
      `<p><strong>${escape(marking)}</strong></p>`,
      `<h1 style="font-size: 1.25em">${escape(heading)}</h1>`,
      ...[...paragraphs, ...about].map((words) => `<p>${escape(words)}</p>`),
      ...link.map((url) => `<p><a href="${escape(url)}">${escape(url)}</a></p>`),
      `<hr><p style="font-size: 0.85em">${escape(footer)}</p>`,
      `<p><strong>${escape(marking)}</strong></p>`,
      '</body></html>',
    ].join('\n'),
  };
}

function whereThePdfIs(
  { edition }: Parcel,
  { name, content, sha256, url }: NonNullable<Parcel['pdf']>,
  { enclosure, mail }: { enclosure: Enclosure; mail: MailSettings },
): string {
  if (enclosure === 'attached') return `The whole brief is attached: ${name}.`;
  const why = `The PDF is left out: with it, this message would be larger than ${megabytes(mail.maxBytes)}.`;
  if (url !== null) return `${why} It can be read here:`;
  return (
    `${why} ${name} (${megabytes(content.length)}) is kept as edition ${edition} where it was made; ` +
    `ask ${mail.unsubscribe ?? mail.from.address} for it. Its SHA-256 is ${sha256}.`
  );
}

function whyYou({ brief, kind }: Parcel, { unsubscribe, from }: MailSettings): string {
  if (kind === 'alert') return 'You receive this because your address is set as the operator of Sitrep.';
  return (
    `You receive this because your address stands among the recipients of the brief "${brief}". ` +
    `To receive it no more, write to ${unsubscribe ?? from.address}.`
  );
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
