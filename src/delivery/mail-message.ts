import MailComposer from 'nodemailer/lib/mail-composer';
import { fileSize } from '../formats.ts';
import type { Locale } from '../locale.ts';
import type { Message } from './message.ts';
import type { MailSettings } from './settings.ts';

/** The encoded message for one recipient, with its PDF unless that would exceed `maxBytes`. */
export async function composeMail(
  message: Message,
  options: { to: string; mail: MailSettings; date: Date; locale: Locale },
): Promise<Buffer> {
  const { mail } = options;
  const whole = await encode(message, { ...options, enclosure: 'attached' });
  if (message.pdf === null || whole.length <= mail.maxBytes) return whole;
  return encode(message, { ...options, enclosure: 'left-out' });
}

function encode(
  message: Message,
  {
    to,
    mail,
    date,
    locale,
    enclosure,
  }: { to: string; mail: MailSettings; date: Date; locale: Locale; enclosure: Enclosure },
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
    subject: subjectOf(message, locale),
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
    ...bodiesOf(message, { enclosure, mail, locale }),
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

const subjects = {
  edition: 'mail.subject.edition',
  notice: 'mail.subject.notice',
  alert: 'mail.subject.alert',
} as const satisfies { readonly [kind in Message['kind']]: string };

/** Subjects such as `[TLP:CLEAR] Title, 2021-W33, as of 22 August 2021`, or `Correction: …, revision 2`. */
const subjectOf = (message: Message, locale: Locale): string =>
  locale.text(message.correction === null ? subjects[message.kind] : 'mail.subject.correction', {
    marking: message.marking,
    heading: headingOf(message, locale),
  });

const headingOf = ({ title, issue, asOf, correction }: Message, locale: Locale): string =>
  locale.list([
    title,
    ...(issue === '' ? [] : [issue]),
    locale.text('mail.heading.as_of', { day: locale.longDay(asOf) }),
    ...(correction ? [locale.text('mail.heading.revision', { revision: String(correction.revision) })] : []),
  ]);

/** The paragraphs that introduce a correction. */
const correctionWords = ({ issue, correction }: Message, locale: Locale): string[] =>
  correction === null
    ? []
    : [
        locale.text('mail.correction', {
          issue,
          edition: correction.replaces,
          day: locale.longDay(correction.asOf),
        }),
        ...correction.changes.map((change) => change.replace(/^./, (first) => first.toUpperCase())),
      ];

interface Surroundings {
  readonly enclosure: Enclosure;
  readonly mail: MailSettings;
  readonly locale: Locale;
}

/** The same content as plain text and as HTML, with the marking at the top and bottom. */
function bodiesOf(message: Message, surroundings: Surroundings): { text: string; html: string } {
  const { enclosure, locale } = surroundings;
  const { marking, pdf } = message;
  const heading = headingOf(message, locale);
  const paragraphs = [...correctionWords(message, locale), ...message.paragraphs];
  const about = pdf === null ? [] : [whereThePdfIs(message, pdf, surroundings)];
  const footer = whyYou(message, surroundings);
  const link = enclosure === 'left-out' && pdf?.url ? [pdf.url] : [];
  return {
    text: [marking, heading, ...paragraphs, ...about, ...link, footer, marking].join('\n\n') + '\n',
    html: [
      `<!doctype html><html lang="${locale.tag}" dir="${locale.direction}"><head><meta charset="utf-8">`,
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
  { enclosure, mail, locale: { text, tag } }: Surroundings,
): string {
  if (enclosure === 'attached') return text('mail.attached', { name });
  const why = text('mail.not_attached', { limit: fileSize(tag, mail.maxBytes) });
  const where =
    url === null
      ? text('mail.ask_for', {
          name,
          size: fileSize(tag, content.length),
          edition,
          address: mail.unsubscribe ?? mail.from.address,
          sha256,
        })
      : text('mail.read_here');
  return `${why} ${where}`;
}

const whyYou = ({ brief, kind }: Message, { mail, locale }: Surroundings): string =>
  kind === 'alert'
    ? locale.text('mail.why_operator')
    : locale.text('mail.why_recipient', { brief, address: mail.unsubscribe ?? mail.from.address });

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
