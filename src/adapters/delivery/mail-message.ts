import MailComposer from 'nodemailer/lib/mail-composer';
import type { MailSettings } from '../../model/delivery-settings.ts';
import type { Parcel } from '../../runtime/parcel.ts';
import { bodiesOf, subjectOf, type Enclosure } from './mail-words.ts';

/** The message for one recipient as it goes over the wire, with its PDF unless that makes it larger than `maxBytes`. */
export async function composeMail(
  parcel: Parcel,
  { to, mail, date }: { to: string; mail: MailSettings; date: Date },
): Promise<Buffer> {
  const whole = await encode(parcel, { to, mail, date, enclosure: 'attached' });
  if (parcel.pdf === null || whole.length <= mail.maxBytes) return whole;
  return encode(parcel, { to, mail, date, enclosure: 'left-out' });
}

function encode(
  parcel: Parcel,
  { to, mail, date, enclosure }: { to: string; mail: MailSettings; date: Date; enclosure: Enclosure },
): Promise<Buffer> {
  const domain = mail.from.address.slice(mail.from.address.lastIndexOf('@') + 1);
  const { brief, id, pdf, correction } = parcel;
  const idOf = (delivery: string) => `<${delivery}@${domain}>`;
  const follows = correction?.follows.map(idOf) ?? [];
  const stop = `mailto:${mail.unsubscribe}?subject=${encodeURIComponent(`unsubscribe ${brief}`)}`;
  const message = new MailComposer({
    from: mail.from,
    // As an object, an address is never read as a list of several.
    to: { name: '', address: to },
    subject: subjectOf(parcel),
    date,
    messageId: idOf(id),
    // RFC 5322, section 3.6.4: a correction stands below what it corrects.
    ...(follows.length > 0 && { inReplyTo: follows.at(-1), references: follows }),
    headers: [
      // RFC 2919, 2369 and 3834: filters can file it, readers can leave, and no absence is answered to it.
      { key: 'List-Id', value: `<${brief}.${domain}>` },
      ...(mail.unsubscribe === null ? [] : [{ key: 'List-Unsubscribe', value: `<${stop}>` }]),
      { key: 'Auto-Submitted', value: 'auto-generated' },
      // By another id some mailboxes would show the two apart.
      { key: 'X-Entity-Ref-ID', value: correction?.follows[0] ?? id },
    ],
    ...bodiesOf(parcel, { enclosure, mail }),
    attachments:
      pdf === null || enclosure === 'left-out'
        ? []
        : [{ filename: pdf.name, content: Buffer.from(pdf.content), contentType: 'application/pdf' }],
    // The same message sent again is the same but for its date.
    baseBoundary: id,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return message.compile().build();
}
