import Handlebars from 'handlebars';
import { z } from 'zod';
import { likelihood, likelihoodRanges } from '../../dataset/fields.ts';
import type { Change } from '../../dataset/point-in-time.ts';
import { type Locale, MessageError } from '../../locale.ts';
import type { Brief } from '../../project/brief.ts';
import type { Evidence } from '../citations.ts';
import { columnWords, plainCell, plainColumns } from './plain-rows.ts';
import { hasHtml, madeOf, MarkedValue, rawOf, SourceName } from './row-value.ts';
import { type Age, ageMessages, ageValues } from '../summary.ts';
import { traceCitation, traceText } from './trace.ts';

const { escapeExpression: escape, SafeString } = Handlebars;

// Made once: to make a schema takes longer than to use it.
const aText = z.string();
const ids = z.union([aText.transform((id) => [id]), z.array(aText)]);
const identifier = aText.regex(/^[\w-]+$/);
const identified = z.object({ id: z.preprocess(rawOf, aText) });
const rowsGiven = z.array(z.record(aText, z.unknown()));
const namesGiven = z.union([
  aText.transform((name) => [name]),
  z.array(z.object({ name: aText }).transform(({ name }) => name)),
]);
/** The words of an escaped text, each between blanks; one with a hyphen is one word. */
const wordsOf = (html: string): string =>
  ` ${html
    .replaceAll('\u2011', '-')
    .replaceAll(/[^\p{L}\p{M}\p{N}-]+/gu, ' ')
    .trim()} `;
/** Tags, and the rows behind figures, which no page prints. */
const unread = /<details\b[\s\S]*?<\/details>|<[^>]*>/g;
/** `Jean-Paul`, `Unit-B-North`: names with a hyphen, at which lines must not break. */
const hyphenatedName = /\b\p{Lu}\p{L}*(?:-\p{Lu}\p{L}*)+/gu;
const keepNames = (html: string): string => html.replaceAll(hyphenatedName, '<span class="name">$&</span>');
const drawn = z.object({ charts: z.record(z.string(), z.object({ svg: z.string() }).nullable()) });

/**
 * Helpers for templates, besides Handlebars' own `if`, `unless`, `each` and `with`. Citations and row texts have
 * traces, which are removed before publication.
 */
export function pageHelpers(
  evidence: Evidence,
  {
    age,
    images = {},
    changes = new Map(),
  }: {
    age?: Age;
    images?: Brief['images'];
    /** The kind of change of each row that changed since the previous issue. */
    changes?: ReadonlyMap<string, Change['change']>;
  } = {},
): { [name: string]: Handlebars.HelperDelegate } {
  const { locale, otherLanguage: other } = evidence;
  let listed = false;
  /** What the page says before its apparatus. */
  let said = '';
  /** The text of a row, with its language if the page has another. */
  const ofRow = (html: string): string =>
    other === null ? html : `<span lang="${other.tag}" dir="${other.direction}">${html}</span>`;
  /** Endnote numbers as links, with runs of three or more as a span; the endnotes link back to the first citation. */
  const links = (rows: unknown): { html: string; count: number } => {
    if (listed) throw new Error('cite is used after the list of endnotes, which can no longer grow.');
    const { numbers, anchor, cited } = evidence.cite(ids.parse(rows));
    const [first] = numbers;
    if (first === undefined) return { html: '', count: 0 };
    const link = (number: number) => `<a href="#note-${number}">${locale.number(number)}</a>`;
    const spans = runs(numbers).flatMap((run) =>
      run.length < 3 ? run.map(link) : [`${link(run[0] ?? 0)}–${link(run.at(-1) ?? 0)}`],
    );
    const linked = traceCitation(cited) + spans.join(locale.html('page.between.notes'));
    const html = anchor === null ? linked : `<span id="cite-${anchor}">${linked}</span>`;
    return { html, count: numbers.length };
  };
  /** A term of likelihood with its range; any other word as it is. */
  const estimate = (word: string): string => {
    const term = likelihood.safeParse(word).data;
    const html =
      term === undefined
        ? `<b>${escape(word)}</b>`
        : locale.html('page.likelihood', {
            word: locale.text('page.changes.estimate', { word: term }),
            ...likelihoodRanges[term],
          });
    // A range that breaks after its dash reads as two figures.
    return `<span class="estimate">${html}</span>`;
  };
  return {
    /** `{{cite "F07"}}`, `{{cite rests_on}}`: superscript endnote numbers. */
    cite: (rows: unknown) => {
      const { html } = links(rows);
      return html === '' ? '' : new SafeString(`<sup class="cite">${html}</sup>`);
    },
    /** `{{notes ids}}`: the same numbers on the baseline, in words: `note 1` or `notes 1,2`. */
    notes: (rows: unknown) => {
      const { html, count } = links(rows);
      if (count === 0) return '';
      const numbers = { toHTML: () => html };
      return new SafeString(locale.html('page.endnotes.notes', { count, numbers }));
    },
    /** `{{t "page.written" day=coverage.until}}`: words of the locale. */
    t: (key: unknown, { hash }: Handlebars.HelperOptions) => {
      const name = aText.parse(key);
      const given = Object.entries(printables.parse(hash));
      const values = Object.fromEntries(
        given.flatMap(([value, text]) => {
          if (text === null) return [];
          if (!(text instanceof MarkedValue)) return [[value, text]];
          return [[value, { toHTML: () => text.toHTML(locale.number), toString: () => String(text) }]];
        }),
      );
      const html = new SafeString(locale.html(name, values));
      // A row's value that only chooses between words leaves its trace too.
      return madeOf(html, Object.values(values));
    },
    /** `{{likelihood likelihood}}`: a term of ICD 203 with its range. */
    likelihood: (word: unknown) => madeOf(new SafeString(estimate(aText.parse(rawOf(word)))), [word]),
    /** `{{likelihoods}}`: the whole scale. */
    likelihoods: () => new SafeString(locale.list(likelihood.options.map(estimate))),
    /** The same as the content of a page's margin, with `{page}` and `{pages}` as its counters. */
    'css-t': (key: unknown, { hash }: Handlebars.HelperOptions) => {
      const values = z.record(z.string(), z.string()).parse(hash);
      const text = locale.text(aText.parse(key), { page: PAGE, pages: PAGES, ...values });
      const parts = text.split(/([\u{e000}\u{e001}])/u).filter((part) => part !== '');
      return new SafeString(parts.map((part) => counterOf(part, locale) ?? cssString(part)).join(' '));
    },
    /** `{{say text}}`: a row's text with its figures filled in. */
    say(this: unknown, text: unknown) {
      const row = identified.safeParse(this);
      if (row.success) evidence.use(row.data.id);
      const filled = escape(evidence.fill(aText.parse(text), row.data?.id));
      const html = ofRow(keepNames(filled));
      return new SafeString(
        traceText(row.success && identifier.safeParse(row.data.id).success ? row.data.id : '-', html),
      );
    },
    /** `{{unbroken brief.title}}`: a text whose hyphenated names stay on one line. */
    unbroken: (text: unknown) => madeOf(new SafeString(keepNames(escape(aText.parse(rawOf(text))))), [text]),
    /** `{{figure id "value"}}`: one figure of a row or finding. */
    figure: (name: unknown, field: unknown) => {
      const id = identifier.parse(name);
      return new SafeString(traceText(id, escape(evidence.figure(id, aText.parse(field)))));
    },
    /**
     * `{{as-of id}}`: that the period of which a judgment speaks has ended, or the day of one older than the issue’s
     * period; otherwise nothing. `{{as-of id ended=true}}`: only the former.
     */
    'as-of': (id: unknown, { hash }: Handlebars.HelperOptions) => {
      const judgment = identifier.parse(id);
      if (age === undefined) return '';
      const field = evidence.ageOf(judgment, age);
      if (field === null || (field === 'date' && hash['ended'] === true)) return '';
      const shown = traceText(judgment, escape(evidence.figure(judgment, field)));
      const values = { ...ageValues(age), day: { toHTML: () => shown } };
      const style = field === 'until' ? 'caveat' : 'as-of';
      return new SafeString(` <span class="${style}">${locale.html(ageMessages[field], values)}</span>`);
    },
    /** `{{show id}}`: marks a row as shown without citing it; prints nothing. */
    show: (rows: unknown) => {
      for (const id of ids.parse(rows)) evidence.use(id);
      return '';
    },
    day: (value: unknown) => locale.longDay(aText.parse(value)),
    'short-day': (value: unknown) => locale.shortDay(aText.parse(value)),
    /** `{{join list ", "}}` */
    join: (list: unknown, between: unknown) => {
      const items = z.array(z.union([z.string(), z.instanceof(SourceName)])).parse(list);
      const glue = aText.parse(between);
      if (items.every((item) => typeof item === 'string')) return items.join(glue);
      const html = items.map((item) => (typeof item === 'string' ? escape(item) : item.toHTML()));
      return new SafeString(html.join(escape(glue)));
    },
    /** `{{column rows "id"}}`, `{{column rows marks "id"}}`: the values of one column, with lists concatenated. */
    column: (...given: unknown[]) => {
      const name = aText.parse(given.at(-2));
      return given
        .slice(0, -2)
        .flatMap((rows) => rowsGiven.parse(rows))
        .flatMap((row) => row[name]);
    },
    /** What the apparatus explains: everything before it. */
    body(this: unknown, options: Handlebars.HelperOptions) {
      const html = options.fn(this);
      said = wordsOf(html.replaceAll(unread, ' '));
      return html;
    },
    /** `{{#if (mentioned name)}}`, `{{#if (mentioned rows.names)}}`: whether the body says the name, or one of them. */
    mentioned: (given: unknown) =>
      namesGiven.parse(given).some((name) => said.includes(wordsOf(escape(name)))),
    /** `{{#if (cited rests_on)}}`: whether the page cites all that these rows rest on. */
    cited: (rows: unknown) => evidence.isCited(ids.parse(rows)),
    /** The endnotes and their sources; nothing can be cited afterwards. */
    endnotes(this: unknown, options: Handlebars.HelperOptions) {
      const named = (name: string) => new SourceName(name, locale.direction);
      const notes = evidence.endnotes.map((note) => ({
        ...note,
        label: locale.number(note.number),
        status: note.external ? 'general_knowledge' : note.status,
        change: changes.get(note.id) ?? null,
        title: new SafeString(ofRow(escape(note.title))),
        chain: note.chain.map((link) => ({ ...link, name: named(link.name) })),
      }));
      const sources = evidence.sources.map((source) => ({
        ...source,
        name: named(source.name),
        through: source.through === null ? null : named(source.through),
      }));
      listed = true;
      const { attributions } = evidence;
      return options.fn({
        notes,
        sources,
        attributions,
        statuses: [...new Set(notes.map(({ status }) => status))],
        /** Whether a grade has one part only. */
        partial: notes.some(({ grade }) => grade?.length === 1) ? 'yes' : 'no',
        graded: notes.some(({ grade }) => grade !== null),
      });
    },
    /** One of the page's own charts, which is already escaped; drawings from data are rejected. */
    svg: (drawing: unknown, { data }: Handlebars.HelperOptions) => {
      const { charts } = drawn.parse(data?.root);
      const own = Object.values(charts).flatMap((chart) => chart?.svg ?? []);
      return new SafeString(
        z
          .string()
          .refine((text) => own.includes(text), 'it is not a chart of this page')
          .parse(drawing),
      );
    },
    /**
     * `{{image "images/bridge.jpg" alt="…" credit="…" licence="…" cites=ids}}`: an image of the project with its credit
     * and licence below it.
     */
    image: (file: unknown, { hash }: Handlebars.HelperOptions) => {
      const name = aText.parse(file);
      const { alt, credit, licence, cites = [] } = imageWords.parse(hash);
      const image = images[name];
      if (image === undefined) throw new MessageError(`"${name}" was not read.`, { hint: writtenOut });
      const { html } = links(cites);
      const caption = locale.html('page.image', { credit, licence });
      return new SafeString(
        `<figure class="image" role="group"><img src="${image.src}" alt="${escape(alt)}" width="${image.width}" height="${image.height}">` +
          `<p class="source">${caption}${html === '' ? '' : `<sup class="cite">${html}</sup>`}</p></figure>`,
      );
    },
    /** A template's style sheet, escaped so that nothing in it can close its element. */
    'style-sheet': (css: unknown) => new SafeString(aText.parse(css).replaceAll('</', '<\\/')),
    /** A text as a CSS string, with all characters but letters and digits as code points. */
    'css-string': (text: unknown) => new SafeString(cssString(aText.parse(text))),
    /** A figure's rows as a table, for people who cannot see the figure. */
    'rows-table': (rows: unknown) => new SafeString(rowsTable(rowsGiven.parse(rows), locale)),
  };
}

const writtenOut = 'Write the name of the file into the template, in quotes.';
const required = (what: string) => z.string(`it has no ${what}`).trim().min(1, `its ${what} is empty`);
const imageWords = z.strictObject({
  alt: required('alt, the text for people who cannot see it'),
  credit: required('credit, the name of who made it'),
  licence: required('licence, which says that it may be used'),
  cites: ids.optional(),
});

/** What a message may print: a value of the page, or what another helper returns; null if it is missing. */
const printable = z.union([
  z.null(),
  z.string(),
  z.number(),
  z.custom<{ toHTML(): string }>(hasHtml, 'it is neither text nor a number'),
]);
const printables = z.record(z.string(), printable);

// Private-use characters hold the places of the counters, which only a browser knows.
const PAGE = '\u{e000}';
const PAGES = '\u{e001}';
/** The counter of the page or of all pages, in the digits of the locale. */
function counterOf(part: string, locale: Locale): string | undefined {
  const name = part === PAGE ? 'page' : part === PAGES ? 'pages' : undefined;
  const style = digitsOf(locale);
  return name && `counter(${name}${style === null ? '' : `, ${style}`})`;
}
/** The style of counters in CSS that has the digits of the locale; null for Latin digits. */
export const digitsOf = (locale: Locale): string | null => digits[locale.number(1)] ?? null;
/** The styles by their digit one. */
const digits: { readonly [one: string]: string } = { '١': 'arabic-indic', '۱': 'persian' };

const cssString = (text: string): string =>
  `"${text.replaceAll(/[^A-Za-z0-9 ]/gu, (character) => `\\${character.codePointAt(0)?.toString(16)} `)}"`;

/** Splits rising numbers into consecutive runs, in which a number rises as its index does. */
const runs = (numbers: readonly number[]): number[][] => [
  ...Map.groupBy(numbers, (number, index) => number - index).values(),
];

function rowsTable(rows: readonly { readonly [column: string]: unknown }[], locale: Locale): string {
  const columns = plainColumns(rows);
  const head = columns
    .map((column) => `<th scope="col">${escape(columnWords(column, locale))}</th>`)
    .join('');
  const body = rows
    .map(
      (row) => `<tr>${columns.map((column) => `<td>${escape(plainCell(row[column]))}</td>`).join('')}</tr>`,
    )
    .join('\n');
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}
