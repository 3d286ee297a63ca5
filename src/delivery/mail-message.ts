import MailComposer from 'nodemailer/lib/mail-composer';
import { longDay } from '../dataset/wording.ts';
import type { Message } from './message.ts';
import type { MailSettings } from './settings.ts';

/** The encoded message for one recipient, with its PDF unless that would exceed `maxBytes`. */
export async function composeMail(
  message: Message,
  { to, mail, date }: { to: string; mail: MailSettings; date: Date },
): Promise<Buffer> {
  const whole = await encode(message, { to, mail, date, enclosure: 'attached' });
  if (message.pdf === null || whole.length <= mail.maxBytes) return whole;
  return encode(message, { to, mail, date, enclosure: 'left-out' });
}

function encode(
  message: Message,
  { to, mail, date, enclosure }: { to: string; mail: MailSettings; date: Date; enclosure: Enclosure },
): Promise<Buffer> {
  const domain = mail.from.address.slice(mail.from.address.lastIndexOf('@') + 1);
  const { brief, id, pdf, correction } = message;
  const idOf = (delivery: string) => `<${delivery}@${domain}>`;
  const follows = correction?.follows.map(idOf) ?? [];
  const stop = `mailto:${mail.unsubscribe}?subject=${encodeURIComponent(`unsubscribe ${brief}`)}`;
  const composer = new MailComposer({
    from: mail.from,
    // Passed as an object so that an address cannot be parsed as a list of addresses.
    to: { name: '', address: to },
    subject: subjectOf(message),
    date,
    messageId: idOf(id),
    // RFC 5322, section 3.6.4: mail programs show a correction below the message that it corrects.
    ...(follows.length > 0 && { inReplyTo: follows.at(-1), references: follows }),
    headers: [
      // RFC 2919, 2369 and 3834: for filters, for unsubscribing, and against automatic replies.
      { key: 'List-Id', value: `<${brief}.${domain}>` },
      ...(mail.unsubscribe === null ? [] : [{ key: 'List-Unsubscribe', value: `<${stop}>` }]),
      { key: 'Auto-Submitted', value: 'auto-generated' },
      // Some mailboxes do not group messages whose ids differ here.
      { key: 'X-Entity-Ref-ID', value: correction?.follows[0] ?? id },
    ],
    ...bodiesOf(message, { enclosure, mail }),
    attachments:
      pdf === null || enclosure === 'left-out'
        ? []
        : [{ filename: pdf.name, content: Buffer.from(pdf.content), contentType: 'application/pdf' }],
    // A repeated message differs only in its date.
    baseBoundary: id,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

/** Whether the PDF is attached, or left out because the message would exceed `maxBytes`. */
type Enclosure = 'attached' | 'left-out';

const kinds = { edition: '', notice: 'Notice: ', alert: 'Alert: ' } as const;

/** Subjects such as `[TLP:CLEAR] Title, 2021-W33, as of 22 August 2021`, or `Correction: …, revision 2`. */
const subjectOf = (message: Message): string =>
  `[${message.marking}] ${message.correction === null ? kinds[message.kind] : 'Correction: '}${headingOf(message)}`;

const headingOf = ({ title, issue, asOf, correction }: Message): string =>
  [title, issue, `as of ${longDay(asOf)}`, correction ? `revision ${correction.revision}` : '']
    .filter((part) => part !== '')
    .join(', ');

/** The paragraphs that introduce a correction. */
const correctionWords = ({ issue, correction }: Message): string[] =>
  correction === null
    ? []
    : [
        `This corrects the issue ${issue} as it was sent before (${correction.replaces}), and takes its place. It takes ` +
          `in what was revised or withdrawn by ${longDay(correction.asOf)}:`,
        ...correction.changes.map((change) => change.replace(/^./, (first) => first.toUpperCase())),
      ];

/** The same content as plain text and as HTML, with the marking at the top and bottom. */
function bodiesOf(
  message: Message,
  { enclosure, mail }: { enclosure: Enclosure; mail: MailSettings },
): { text: string; html: string } {
  const { marking, pdf } = message;
  const heading = headingOf(message);
  const paragraphs = [...correctionWords(message), ...message.paragraphs];
  const about = pdf === null ? [] : [whereThePdfIs(message, pdf, { enclosure, mail })];
  const footer = whyYou(message, mail);
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
  { edition }: Message,
  { name, content, sha256, url }: NonNullable<Message['pdf']>,
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

function whyYou({ brief, kind }: Message, { unsubscribe, from }: MailSettings): string {
  if (kind === 'alert') return 'You receive this because your address is set as the operator of Sitrep.';
  return (
    `You receive this because your address stands among the recipients of the brief "${brief}". ` +
    `To receive it no more, write to ${unsubscribe ?? from.address}.`
  );
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
