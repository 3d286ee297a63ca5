import Handlebars from 'handlebars';
import type { View, Wanted } from './session.ts';
import { type Day, dayAfter } from '../calendar.ts';
import { describeFault, type Fault, noteOf, onAppError } from '../errors.ts';
import type { Locale } from '../locale.ts';
import type { Brief, Format, Schedule } from '../project/brief.ts';
import type { Catalogue } from '../project/load.ts';
import { describeParameters, type Parameters } from '../project/parameters.ts';
import { type Slot, slotsReporting } from '../scheduler/slots.ts';

/** Lines shown before and after a line with a fault. */
const AROUND = 2;
const MOST_CHARACTERS = 160;

export interface PagesWorld extends Pick<Catalogue, 'briefIds' | 'loadBrief'> {
  readonly readAsset: (name: string) => Promise<string>;
  /** The text of a file; null if it cannot be read. */
  readonly readText: (file: string) => Promise<string | null>;
  readonly locale: Locale;
}

const names = ['index', 'list', 'shell', 'bar', 'faults', 'empty'] as const;

/** The preview's own pages, from the templates in `web/preview/`. */
export async function openPages(world: PagesWorld) {
  const { locale } = world;
  const { text } = locale;
  const handlebars = Handlebars.create();
  handlebars.registerHelper('t', (key: string, { hash }: Handlebars.HelperOptions) => text(key, hash));
  const templates = new Map<string, HandlebarsTemplateDelegate>();
  for (const name of names)
    templates.set(name, handlebars.compile(await world.readAsset(`preview/${name}.hbs`), { strict: true }));
  const show = (name: (typeof names)[number], data: object): string =>
    templates.get(name)?.({ lang: locale.tag, direction: locale.direction, ...data }) ?? '';
  const list = async () =>
    show('list', { rows: await Promise.all((await world.briefIds()).map((id) => rowOf(id, world))) });
  return {
    list,
    /** Shown in place of a brief that has never been rendered. */
    empty: () => show('empty', {}),
    index: async () => show('index', { list: await list() }),
    shell: (parts: object) => show('shell', parts),
    bar: (view: View, wanted: Wanted, format: Format) => show('bar', barOf(view, wanted, format)),
    faults: async ({ faults: found, warnings, page }: View) => {
      const shown = async (of: readonly Fault[], kind: 'faults' | 'warnings') => ({
        kind,
        faults: await Promise.all(of.map((fault) => explained(fault, world))),
        count: text(`web.preview.${kind}`, { count: of.length }),
        isOutdated: kind === 'faults' && page !== undefined,
      });
      const lists = await Promise.all([shown(found, 'faults'), shown(warnings, 'warnings')]);
      return show('faults', { lists: lists.filter((each) => each.faults.length > 0) }).trim();
    },
  };
}

/** The address of a view. */
export function addressOf(
  { brief, asOf, given }: Wanted,
  { format = 'html', file = '' }: { format?: Format; file?: string } = {},
): string {
  const query = new URLSearchParams({
    ...(asOf === undefined ? {} : { 'as-of': asOf }),
    ...(Object.keys(given).length === 0 ? {} : { edition: editionKey(given) }),
    ...(format === 'pdf' ? { view: 'pdf' } : {}),
  });
  const text = query.toString();
  return `/briefs/${encodeURIComponent(brief)}${file}${text === '' ? '' : `?${text}`}`;
}

/** `region=north`: parameters as in the query string of an address. */
const editionKey = (parameters: Parameters): string => new URLSearchParams({ ...parameters }).toString();

function barOf({ brief, asOf, editions, parameters = {} }: View, wanted: Wanted, format: Format) {
  const at = (change: Partial<Wanted>, as: Format = format) =>
    addressOf({ ...wanted, ...change }, { format: as });
  const around =
    brief && asOf !== undefined
      ? slotDaysAround(brief.config.schedule, asOf)
      : { previous: null, next: null };
  const link = (day: string | null) => (day === null ? null : { day, href: at({ asOf: day }) });
  return {
    id: wanted.brief,
    title: brief?.config.title ?? wanted.brief,
    asOf: asOf ?? '',
    previous: link(around.previous),
    next: link(around.next),
    golden: goldenDays(brief).map((day) => ({ day, href: at({ asOf: day }), current: day === asOf })),
    isPdf: format === 'pdf',
    html: at({}, 'html'),
    pdf: at({}, 'pdf'),
    alone: addressOf(wanted, { file: `/page.${format}` }),
    editions:
      editions.length > 1
        ? editions.map((each) => ({
            key: editionKey(each),
            label: describeParameters(each),
            current: editionKey(each) === editionKey(parameters),
          }))
        : null,
    edition: editions.length > 1 || Object.keys(wanted.given).length === 0 ? null : editionKey(wanted.given),
    action: `/briefs/${encodeURIComponent(wanted.brief)}`,
  };
}

/** A brief in the list: its title and golden days, or its first fault. */
const rowOf = (id: string, world: PagesWorld): Promise<object> =>
  world.loadBrief(id).then(
    (brief) => ({
      id,
      href: addressOf({ brief: id, given: {} }),
      title: brief.config.title,
      schedule: `${brief.config.schedule.cron}, ${brief.config.schedule.timezone}`,
      days: goldenDays(brief).map((day) => ({
        day,
        href: addressOf({ brief: id, asOf: day, given: {} }),
      })),
      problem: null,
    }),
    onAppError(({ faults: [fault] }) => ({
      id,
      href: addressOf({ brief: id, given: {} }),
      title: id,
      schedule: '',
      days: [],
      problem: fault ? describeFault(fault) : null,
    })),
  );

const goldenDays = (brief: Brief | undefined): string[] =>
  [...new Set((brief?.config.golden ?? []).map(({ asOf }) => asOf))].toSorted();

async function explained(fault: Fault, { readText, locale }: PagesWorld) {
  const { file, line, row, field, problem, hint } = fault;
  const text = file === undefined || line === undefined ? null : await readText(file);
  const lines = text?.split('\n') ?? [];
  const from = Math.max(1, (line ?? 1) - AROUND);
  return {
    where: locale.list([
      `${file ?? locale.text('web.preview.this_edition')}${line === undefined ? '' : `:${line}`}`,
      ...(row === undefined ? [] : [locale.text('web.preview.row', { row })]),
      ...(field === undefined ? [] : [locale.text('web.preview.field', { field })]),
    ]),
    problem,
    note: noteOf(fault),
    hint,
    excerpt:
      text === null
        ? null
        : lines.slice(from - 1, (line ?? 1) + AROUND).map((each, index) => ({
            number: String(from + index).padStart(4),
            text: each.length > MOST_CHARACTERS ? `${each.slice(0, MOST_CHARACTERS)}…` : each,
            marked: from + index === line,
          })),
  };
}

/** Search ranges, tried in order, so that neither an hourly nor a yearly schedule takes long. */
const spansDays = [3, 40, 400];

/** The nearest days before and after `asOf` that end the period of a scheduled slot; null if there is none nearby. */
function slotDaysAround(schedule: Schedule, asOf: Day): { previous: Day | null; next: Day | null } {
  const within = (from: number, to: number): Slot[] =>
    slotsReporting(schedule, { from: dayAfter(asOf, from), to: dayAfter(asOf, to) });
  const nearest = (look: (span: number) => Slot | undefined): Day | null =>
    spansDays.reduce<Slot | undefined>((found, span) => found ?? look(span), undefined)?.asOf ?? null;
  return {
    previous: nearest((span) => within(-span, -1).at(-1)),
    next: nearest((span) => within(1, span).at(0)),
  };
}
