import { markingColours } from '../dataset/fields.ts';
import { escapeMarkup } from '../escape.ts';
import { fileSize } from '../formats.ts';
import type { Locale } from '../locale.ts';
import { usualColours } from '../project/colours.ts';
import type { EnclosedHighlights, Message } from './message.ts';
import type { MailSettings } from './settings.ts';

/** Whether the PDF is attached, or left out because the message would exceed `maxBytes`. */
export type Enclosure = 'attached' | 'left-out';

export interface Surroundings {
  readonly enclosure: Enclosure;
  readonly mail: MailSettings;
  readonly locale: Locale;
  /** The content id of a picture. */
  readonly cidOf: (picture: 'hero' | 'logo') => string;
}

/** A correction may have any number of rows, and mailboxes cut off messages of more than 102 kB. */
const MOST_CORRECTIONS = 100;

export const headingOf = ({ title, issue, asOf, correction }: Message, locale: Locale): string =>
  locale.list([title, datelineOf({ issue, asOf, correction }, locale)]);

/** The texts that there are. */
const given = (...texts: readonly (string | null | undefined | false)[]): string[] =>
  texts.flatMap((text) => text || []);

const datelineOf = (
  { issue, asOf, correction }: Pick<Message, 'issue' | 'asOf' | 'correction'>,
  locale: Locale,
): string =>
  locale.list(
    given(
      // Without isolates, a line from right to left shows "2021-W33" as "W33-2021".
      issue && (locale.direction === 'rtl' ? `\u2066${issue}\u2069` : issue),
      locale.text('mail.heading.as_of', { day: locale.longDay(asOf) }),
      correction && locale.text('mail.heading.revision', { revision: String(correction.revision) }),
    ),
  );

const capital = (text: string): string => text.replace(/^./u, (first) => first.toUpperCase());

/** The paragraphs that introduce a correction. */
function correctionWords({ issue, correction }: Message, { text, longDay }: Locale): string[] {
  if (correction === null) return [];
  const { replaces: edition, asOf, changes } = correction;
  const more = changes.length - MOST_CORRECTIONS;
  return given(
    text('mail.correction', { issue, edition, day: longDay(asOf) }),
    ...changes.slice(0, MOST_CORRECTIONS).map(capital),
    more > 0 && text('mail.more_corrections', { count: more }),
  );
}

/** The same content as plain text and as HTML, with the marking at the top and bottom. */
export function bodiesOf(message: Message, surroundings: Surroundings): { text: string; html: string } {
  const { highlights } = message;
  const content = contentOf(message, surroundings);
  return {
    text: textOf(content, highlights?.hero ?? null, surroundings.locale),
    html: htmlOf(content, highlights, surroundings),
  };
}

type Content = ReturnType<typeof contentOf>;

/** What a message says, for both bodies: `before` the bottom line, and `after` it where the PDF is. */
function contentOf(message: Message, surroundings: Surroundings) {
  const { enclosure, mail, locale } = surroundings;
  const { pdf, highlights } = message;
  const { publisher = null } = highlights ?? {};
  return {
    marking: message.marking,
    publisher: publisher?.name ?? null,
    title: message.title,
    dateline: datelineOf(message, locale),
    headline: highlights?.headline ?? null,
    before: correctionWords(message, locale),
    bottomLine: message.paragraphs,
    judgments: highlights?.judgments ?? [],
    after: given(pdf && whereThePdfIs(message.edition, pdf, surroundings)),
    link: enclosure === 'left-out' ? (pdf?.url ?? null) : null,
    footer: given(
      publisher?.corrections && locale.text('page.corrections', { address: publisher.corrections }),
      message.kind === 'alert'
        ? locale.text('mail.why_operator')
        : locale.text('mail.why_recipient', { brief: message.brief, address: contactOf(mail) }),
    ),
  };
}

/** RFC 3676 advises lines of up to 78 characters. */
const WIDTH = 76;

/** Breaks a paragraph into lines. A word that is longer than a line, such as an address, stays whole. */
function wrap(text: string, { first = '', next = '' } = {}): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(/[ \n]+/).filter((each) => each !== '')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}

function textOf(content: Content, hero: EnclosedHighlights['hero'], locale: Locale): string {
  const label = (text: string): string => `${text.toLocaleUpperCase(locale.tag)}\n`;
  const paragraphs = (texts: readonly string[]): string[] => texts.map((text) => wrap(text));
  const judged = content.judgments.map(({ text, likelihood, confidence }, index) =>
    [
      wrap(text, { first: `${locale.number(index + 1)}. `, next: '   ' }),
      ...[likelihood?.text, confidence].flatMap((line) =>
        line ? [wrap(capital(line), { first: '   ', next: '   ' })] : [],
      ),
    ].join('\n'),
  );
  const [firstLine, ...otherLines] = paragraphs(content.bottomLine);
  const [firstJudgment, ...otherJudgments] = judged;
  const parts = given(
    content.marking,
    given(content.publisher, wrap(content.title), content.dateline).join('\n'),
    content.headline && wrap(content.headline),
    ...paragraphs(content.before),
    firstLine && (content.headline === null ? '' : label(locale.text('mail.bottom_line'))) + firstLine,
    ...otherLines,
    firstJudgment && label(locale.text('page.headings.key_judgments')) + firstJudgment,
    ...otherJudgments,
    hero && wrap(locale.text('mail.picture', { text: hero.alt })),
    ...paragraphs(content.after),
    content.link,
    // The line before a signature (RFC 3676, section 4.3).
    ['-- ', ...paragraphs(content.footer)].join('\n'),
    content.marking,
  );
  return `${parts.join('\n\n')}\n`;
}

const serif = "Georgia, 'Times New Roman', serif";
const sans = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** For mailboxes that read style sheets; the others show the colours of day. Pictures keep their own ground. */
const dark = `:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){
.page{background:#131417!important}
.sheet{background:#1d1f23!important;color:#ebe8e1!important}
.quiet{color:#b9b6ae!important}
.ink{color:#cfdcf0!important}
.track{background:#5a5e66!important}
.reach{background:#cfdcf0!important}
.line{border-color:#45474e!important}
}
@media (max-width:480px){
.sheet{table-layout:fixed!important}
.sheet>tbody>tr>td{padding-left:16px!important;padding-right:16px!important}
.hero{padding:8px 0!important}
.wide{overflow-x:auto!important;direction:ltr}
.wide img{width:620px!important;max-width:none!important}
}`;

/** Up to this width, in pixels, the labels of a picture can be read on a phone; a wider one is moved sideways there. */
const NARROW = 420;

/** Tables and styles in attributes, because many mailboxes understand little else. Nothing is loaded. */
function htmlOf(
  content: Content,
  highlights: EnclosedHighlights | null,
  { locale, cidOf }: Surroundings,
): string {
  const { ink, accent } = highlights?.colours ?? usualColours;
  const { hero = null, logo = null } = highlights ?? {};
  const row = (inner: string, style = ''): string =>
    `<tr><td style="padding:0 28px;${style}">${inner}</td></tr>`;
  const label = (text: string): string =>
    `<p class="ink" style="margin:22px 0 6px;font:600 12px/1.4 ${sans};letter-spacing:.06em;text-transform:uppercase;color:${ink}">${escapeMarkup(text)}</p>`;
  const paragraph = (text: string): string => `<p style="margin:0 0 12px">${escapeMarkup(text)}</p>`;
  const small = (text: string): string =>
    `<p class="quiet" style="margin:0 0 8px;font:13px/1.5 ${sans};color:#55585f">${escapeMarkup(text)}</p>`;
  const tag = `<p style="margin:0;text-align:end"><span style="display:inline-block;background:#000;color:${markingColours[content.marking]};font:600 13px/1 ${sans};padding:6px 10px;border:1px solid #666">${escapeMarkup(content.marking)}</span></p>`;
  const picture = (
    { width, height, alt }: { width: number; height: number; alt: string },
    { cid, style }: { cid: string; style: string },
  ): string =>
    `<img src="cid:${escapeMarkup(cid)}" width="${Math.round(width / 2)}" height="${Math.round(height / 2)}" alt="${escapeMarkup(alt)}" style="display:block;border:0;${style}">`;
  const judged = content.judgments.map(
    ({ text, likelihood, confidence }, index) =>
      `<tr><td class="ink" style="width:26px;padding:0 0 14px;vertical-align:top;font:600 18px/1.3 ${serif};color:${ink}">${locale.number(index + 1)}</td>` +
      `<td style="padding:0 0 14px;vertical-align:top">${escapeMarkup(text)}` +
      (likelihood ? scale(likelihood, ink) : '') +
      `${confidence ? `<div class="quiet" style="font:13px/1.5 ${sans};color:#55585f;padding-top:3px">${escapeMarkup(capital(confidence))}</div>` : ''}</td></tr>`,
  );
  const rows = given(
    row(tag, 'padding-top:20px'),
    logo &&
      row(
        `<div style="display:inline-block;background:#fff;padding:6px 8px;margin-inline-start:-8px">${picture(logo, { cid: cidOf('logo'), style: 'max-width:100%' })}</div>`,
      ),
    row(
      `<p class="quiet" style="margin:10px 0 0;font:13px/1.5 ${sans};color:#55585f">` +
        (content.publisher !== null && logo === null
          ? `<b class="ink" style="color:${ink}">${escapeMarkup(content.publisher)}</b><br>`
          : '') +
        `${content.headline === null ? '' : `${escapeMarkup(content.title)}<br>`}${escapeMarkup(content.dateline)}</p>`,
    ),
    row(
      `<h1 style="margin:10px 0 14px;font:600 25px/1.2 ${serif}">${escapeMarkup(content.headline ?? content.title)}</h1>`,
    ),
    content.before.length > 0 && row(content.before.map(paragraph).join('')),
    row(
      content.headline === null
        ? content.bottomLine.map(paragraph).join('')
        : `<div style="border-inline-start:4px solid ${accent};padding-inline-start:14px;font-size:15px;line-height:22px">${content.bottomLine.map(paragraph).join('')}</div>`,
    ),
    hero &&
      row(
        `<p style="margin:14px 0 6px;font:600 14px/1.35 ${sans}">${escapeMarkup(hero.caption)}</p>` +
          `<div class="hero${hero.width / 2 > NARROW ? ' wide' : ''}" style="background:#fff;padding:8px">${picture(hero, { cid: cidOf('hero'), style: `width:100%;max-width:${Math.max(hero.width / 2, NARROW)}px;height:auto;margin:0 auto` })}</div>`,
      ),
    judged.length > 0 &&
      row(
        `${label(locale.text('page.headings.key_judgments'))}<table role="presentation" cellpadding="0" cellspacing="0" width="100%" style="font:inherit;color:inherit"><tbody>${judged.join('')}</tbody></table>`,
      ),
    row(
      `<div class="line" style="border-top:1px solid #d4d2ca;margin-top:10px;padding-top:14px">${given(
        ...content.after.map(small),
        content.link &&
          `<p style="margin:0 0 8px;font:13px/1.5 ${sans};overflow-wrap:anywhere"><a class="ink" href="${escapeMarkup(content.link)}" style="color:${ink}">${escapeMarkup(content.link)}</a></p>`,
        content.publisher &&
          `<p style="margin:10px 0 2px;font:600 13px/1.5 ${sans}">${escapeMarkup(content.publisher)}</p>`,
        ...content.footer.map(small),
      ).join('')}</div>`,
    ),
    row(tag, 'padding-bottom:20px'),
  );
  const heading = locale.list([content.title, content.dateline]);
  return [
    `<!doctype html><html lang="${locale.tag}" dir="${locale.direction}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escapeMarkup(heading)}</title><style>${dark}</style></head>`,
    '<body class="page" style="margin:0;padding:0;background:#f4f3ef">',
    '<table role="presentation" cellpadding="0" cellspacing="0" width="100%"><tbody><tr><td align="center" style="padding:12px 0">',
    `<table role="presentation" class="sheet" lang="${locale.tag}" dir="${locale.direction}" cellpadding="0" cellspacing="0" width="100%" style="max-width:640px;background:#fff;color:#16181d;font:16px/1.5 ${serif};text-align:start"><tbody>`,
    ...rows,
    '</tbody></table>',
    '</td></tr></tbody></table></body></html>',
  ].join('\n');
}

/** Where a term of likelihood lies between 0 and 100 per cent. */
const scale = ({ text, low, high }: { text: string; low: number; high: number }, ink: string): string => {
  const cell = (share: number, attributes: string): string =>
    share > 0 ? `<td width="${share}%" ${attributes} height="5"></td>` : '';
  const track = 'class="track" style="background:#c3c8d1;font-size:0;line-height:0"';
  return (
    `<div style="margin:6px 0 2px;font:600 13px/1.5 ${sans}">${escapeMarkup(capital(text))}</div>` +
    `<table role="presentation" aria-hidden="true" cellpadding="0" cellspacing="0" width="220" style="width:220px;max-width:100%;margin:0 0 4px"><tbody><tr>` +
    `${cell(low, track)}${cell(high - low, `class="reach" style="background:${ink};font-size:0;line-height:0"`)}${cell(100 - high, track)}` +
    `</tr></tbody></table>`
  );
};

const contactOf = ({ unsubscribe, from }: MailSettings): string => unsubscribe ?? from.address;

function whereThePdfIs(
  edition: string,
  { name, content, sha256, url }: NonNullable<Message['pdf']>,
  { enclosure, mail, locale: { text, tag } }: Surroundings,
): string {
  if (enclosure === 'attached') return text('mail.attached', { name });
  const why = text('mail.not_attached', { limit: fileSize(tag, mail.maxBytes) });
  if (url !== null) return `${why} ${text('mail.read_here')}`;
  const size = fileSize(tag, content.length);
  const address = contactOf(mail);
  return `${why} ${text('mail.ask_for', { name, size, edition, address, sha256 })}`;
}
