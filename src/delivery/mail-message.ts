import MailComposer from 'nodemailer/lib/mail-composer';
import type { Locale } from '../locale.ts';
import { bodiesOf, type Enclosure, headingOf } from './mail-bodies.ts';
import type { Message } from './message.ts';
import type { MailSettings } from './settings.ts';

/** The encoded message for one recipient, with its PDF unless that would exceed `maxBytes`. */
export async function composeMail(
  message: Message,
  given: { to: string; mail: MailSettings; date: Date; locale: Locale },
): Promise<Buffer> {
  const options = { ...given, locale: message.highlights?.locale ?? given.locale };
  const whole = await encode(message, { ...options, enclosure: 'attached' });
  if (message.pdf === null || whole.length <= options.mail.maxBytes) return whole;
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
  const { brief, id, pdf, correction, highlights } = message;
  const idOf = (delivery: string) => `<${delivery}@${domain}>`;
  const cidOf = (picture: string) => `${picture}.${id}@${domain}`;
  const follows = correction?.follows.map(idOf) ?? [];
  const stop = `mailto:${mail.unsubscribe}?subject=${encodeURIComponent(`unsubscribe ${brief}`)}`;
  const composer = new MailComposer({
    from: { ...mail.from, name: mail.from.name || (highlights?.publisher?.name ?? '') },
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
    ...bodiesOf(message, { enclosure, mail, locale, cidOf }),
    attachments: [
      ...(['logo', 'hero'] as const).flatMap((name) => {
        const picture = highlights?.[name];
        if (!picture) return [];
        return [
          {
            filename: picture.name,
            content: Buffer.from(picture.content),
            contentType: 'image/png',
            cid: cidOf(name),
            contentDisposition: 'inline' as const,
          },
        ];
      }),
      ...(pdf === null || enclosure === 'left-out'
        ? []
        : [{ filename: pdf.name, content: Buffer.from(pdf.content), contentType: 'application/pdf' }]),
    ],
    // A repeated message differs only in its date.
    baseBoundary: id,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

const subjects = {
  edition: 'mail.subject.edition',
  notice: 'mail.subject.notice',
  alert: 'mail.subject.alert',
} as const satisfies { readonly [kind in Message['kind']]: string };

/** Subjects such as `[TLP:CLEAR] Headline · Title, 2021-W33, as of 22 August 2021`, or `Correction: …, revision 2`. */
function subjectOf(message: Message, locale: Locale): string {
  const { marking, kind, correction } = message;
  const heading = headingOf(message, locale);
  const headline = message.highlights?.headline ?? null;
  if (correction !== null) return locale.text('mail.subject.correction', { marking, heading });
  return headline === null
    ? locale.text(subjects[kind], { marking, heading })
    : locale.text('mail.subject.headline', { marking, headline, heading });
}
