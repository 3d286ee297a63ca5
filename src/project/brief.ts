import { Cron } from 'croner';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { day } from '../calendar.ts';
import { marking } from '../dataset/fields.ts';
import { languageTag, type Locale, usualLanguage } from '../locale.ts';
import { type Colours, readableColour, usualColours } from './colours.ts';
import { fontSettings, type OwnFont } from './fonts.ts';
import type { Image } from './images.ts';
import { builtInParameters, parameter, parameterName, readParameters } from './parameters.ts';
import { target } from './target.ts';

const text = z.string().trim().min(1);
const timezone = z.string().refine((name) => {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}, 'is not an IANA time zone such as Europe/London');
function isLength(value: string, { inMonths }: { inMonths: boolean }): boolean {
  try {
    const { years, months, hours, minutes, seconds, weeks, days } = Temporal.Duration.from(value);
    if (years + hours + minutes + seconds !== 0) return false;
    return months === 0 ? weeks + days > 0 : inMonths && months > 0 && weeks + days === 0;
  } catch {
    return false;
  }
}
const lengthIn = (units: string, options: { inMonths: boolean }) =>
  z.string().refine((value) => isLength(value, options), `is not an ISO 8601 length in ${units}`);
const length = lengthIn('days or weeks such as P7D', { inMonths: false });
/** A month is a calendar month: see `periodEnding`. */
const period = lengthIn('days or weeks such as P7D, or in months such as P1M', { inMonths: true });

const anyDay = new Date('2000-01-01T00:00:00Z');
/** croner returns no next run for a day that does not exist, such as 30 February. */
const cron = z.string().refine((pattern) => {
  try {
    return new Cron(pattern, { timezone: 'UTC', paused: true }).nextRun(anyDay) !== null;
  } catch {
    return false;
  }
}, 'is not a cron pattern that ever comes due, such as "0 6 * * MON"');

/** A file in the brief's own folder, its dataset's shared folder or `_shared/`. */
const ownFile = z
  .string()
  .regex(/^(?!.*\.\.)\w[\w./-]*$/, 'is not the name of a file in this folder or in _shared/');

export const papers = ['A4', 'Letter'] as const;
export type Paper = (typeof papers)[number];

/** The files that an edition is written as. */
export const formats = ['pdf', 'html'] as const;
export type Format = (typeof formats)[number];

const chart = z.strictObject({
  /** A Vega-Lite file in the brief's own folder or a shared one. */
  spec: ownFile,
  /** The data sets that the spec names: query results, or `outlines` and `borders` for maps. */
  data: z.record(z.string(), z.string()),
  /** The query that decides whether the chart is drawn: without rows the chart is omitted. */
  rows: text,
  /** Ids of judgments: the newest known one becomes the caption above the chart. Without one, the title does. */
  captions: z.array(text).default([]),
  /** The subject and unit of the chart; printed below the caption, or in its place if there is none. */
  title: text,
  /** Alternative text for people who cannot see the chart; the caption and rows are appended. */
  alt: text,
  /** A line below the chart, after its sources. */
  note: text.optional(),
  /** A map must state that its boundaries are not authoritative. */
  map: z.boolean().default(false),
  /**
   * Rows that are not drawn, by column and values (any value matches). Every other row must be visible. The reason
   * appears in the manifest.
   */
  leavesOut: z
    .strictObject({
      rows: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      reason: text,
    })
    .optional(),
  /** Data sets whose marks each represent several rows. The reason appears in the manifest. */
  aggregated: z.strictObject({ sets: z.array(text).min(1), reason: text }).optional(),
});

const finding = z.discriminatedUnion('kind', [
  /** The number of rows that a query returned. */
  z.strictObject({ kind: z.literal('count'), rows: text }),
  /** The rest of a share whose lower bound is known, in per cent: at most 100 minus the bound. */
  z.strictObject({ kind: z.literal('rest-of-share'), rows: text }),
  /** A silence compared with the earlier rate, for each reading of when it begins. */
  z.strictObject({
    kind: z.literal('rate-change'),
    rows: text,
    level: z.number().gt(0).lt(1),
    /** Sizes k of the negative binomial for which the chance is recomputed, larger first. */
    clustering: z.tuple([z.number().positive(), z.number().positive()]),
    /**
     * Chances of silence, smaller first, for which the share of events still seen is computed: the loss of collection
     * at which the silence is no longer surprising.
     */
    breakEven: z.tuple([z.number().gt(0).lt(1), z.number().gt(0).lt(1)]),
  }),
  /** What went quiet or surged among incidents, for each actor, place or both. */
  z.strictObject({
    kind: z.literal('activity'),
    rows: text,
    by: z.enum(['actor', 'place', 'both']),
    /**
     * The days compared, which end with the last day of the period; by default, the period. Of several lengths, each
     * series is tested in all.
     */
    days: z.union([z.number().int().positive(), z.array(z.number().int().positive()).min(1)]).optional(),
    /** The days before, which they are compared with. */
    baseline: z.number().int().min(28).default(91),
    /** The newest days, on which reports may still come in; or a query of reports, from which it is estimated. */
    lag: z.union([z.number().int().nonnegative(), text]).default(0),
    /** A query of days with collection; by default, all days since the first incident. */
    coverage: text.optional(),
    /** The expected share of false ones among verdicts of quiet and surged, and 1 - alpha the level of intervals. */
    alpha: z.number().gt(0).lt(1).default(0.05),
    /** The number of series whose weeks are given for charts. */
    charted: z.number().int().positive().default(12),
  }),
]);

/** A set of incidents that is cited as one endnote. */
const evidenceSet = z.strictObject({
  /** The query that selects the incidents, such as `SELECT * FROM incidents WHERE …`. */
  rows: text,
  /** What the endnote counts, after the number; by default, the locale's word for incidents. */
  what: text.optional(),
});

/** When a brief is due, and what happens to slots that were missed or bring nothing new. */
const schedule = z.strictObject({
  cron,
  timezone,
  /** Which missed slots are issued once the program runs again. */
  catchUp: z.enum(['all', 'latest', 'skip']).default('all'),
  /** The most missed slots to issue at once: older ones are skipped. */
  most: z.number().int().positive().default(10),
  /** Slots later than this are skipped. */
  maxLateness: length.default('P60D'),
  /** Issue the brief anyway, send a short notice instead, or send nothing. */
  whenNothingNew: z.enum(['issue', 'notice', 'skip']).default('issue'),
});
export type Schedule = z.output<typeof schedule>;

/** A day and an edition to render in the tests; without parameters, all editions of a brief that fans out. */
const golden = z.strictObject({
  asOf: day,
  parameters: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

const definition = z.strictObject({
  title: text,
  /** Appears in the PDF's properties, below the title. */
  subject: text,
  /** The dataset topics that the brief reports on; by default, all. */
  topics: z.union([z.literal('all'), z.array(text).min(1)]).optional(),
  /** The same for a brief on one topic. */
  topic: text.optional(),
  dataset: text,
  schedule,
  period,
  marking,
  /** The language of the brief, for which there is a locale. */
  language: languageTag.default(usualLanguage),
  paper: z.enum(papers).default('A4'),
  /** The parameters that distinguish editions of the same day: `$name` in queries, `parameters.name` in templates. */
  parameters: z.record(z.string(), parameter).default({}),
  /** The query that yields one edition per row, its columns being the parameters. */
  forEach: z.string().nullable().default(null),
  /** The query whose ids are the changes to report; by default, all changes on the topic. */
  changes: z.string().nullable().default(null),
  queries: z.record(z.string().regex(/^[a-z][a-z_]*$/), ownFile).default({}),
  charts: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), chart).default({}),
  /** The chart that tells the story: page one shows it below the bottom line, and mail shows it too. */
  hero: text.optional(),
  findings: z.record(z.string().regex(/^[a-z][a-z-]*$/), finding).default({}),
  evidence: z.record(z.string().regex(/^[a-z][a-z-]*$/), evidenceSet).default({}),
  /** Judgments that are tested: by id, the query whose column `holds` must be true for the page to print it. */
  holdsWhile: z.record(z.string(), text).default({}),
  /** The recipients of each edition. */
  deliver: z.array(target).default([]),
  /** Whether each edition waits until somebody approves its PDF. */
  approval: z.boolean().default(false),
  limits: z.strictObject({
    pages: z.number().int().positive(),
    megabytes: z.number().positive(),
    seconds: z.number().positive(),
  }),
  /** Decides which rules are errors and which are warnings: see docs/rules.md. */
  profile: z.enum(['strict', 'standard']).default('strict'),
  /** Rules that the brief may break; the reasons appear in the manifest. */
  waive: z.array(z.strictObject({ rule: text, reason: text })).default([]),
  /** Editions that the tests render and compare with accepted files. */
  golden: z.array(golden).min(1),
});

/** `brief.yaml`: the definition of a brief. */
export const briefConfig = definition.superRefine(
  ({ topic, topics, parameters, forEach, deliver, findings, evidence, golden: days }, context) => {
    const report = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (topic !== undefined && topics !== undefined)
      report(['topic'], 'says the same as "topics": keep one of the two');
    for (const name of Object.keys(evidence))
      if (Object.hasOwn(findings, name)) report(['evidence', name], 'has the name of a finding');
    const names = Object.keys(parameters);
    for (const name of names) {
      if (!parameterName.test(name))
        report(['parameters', name], 'is not a name of small letters, digits and underscores');
      if (builtInParameters.some((each) => each === name))
        report(['parameters', name], 'has the name of what every query sees anyway');
    }
    if (forEach !== null && names.length === 0)
      report(['forEach'], 'gives parameters, and none are declared under parameters');

    // Nearly all mail servers ignore case: one mailbox in two spellings would receive everything twice.
    const mailboxes = deliver.map((to) =>
      'email' in to ? JSON.stringify([to.email.toLowerCase(), to.only]) : null,
    );
    for (const [index, { only }] of deliver.entries()) {
      const mailbox = mailboxes[index];
      if (typeof mailbox === 'string' && mailboxes.indexOf(mailbox) < index)
        report(['deliver', index, 'email'], 'is a target already, for the same editions');
      for (const [name, value] of Object.entries(only)) {
        const { parameters: read, problems } = readParameters(pick(parameters, name), { [name]: value });
        for (const { problem } of problems) report(['deliver', index, 'only', name], sentence(problem));
        if (problems.length === 0 && read[name] !== value)
          report(['deliver', index, 'only', name], `matches no edition: write ${JSON.stringify(read[name])}`);
      }
    }
    for (const [index, { parameters: given }] of days.entries()) {
      if (given === undefined && forEach !== null) continue;
      for (const { name, problem } of readParameters(parameters, given ?? {}).problems)
        report(['golden', index, 'parameters', name], sentence(problem));
    }
  },
);

const pick = <T>(values: { readonly [name: string]: T }, name: string): { [name: string]: T } =>
  Object.fromEntries(Object.entries(values).filter(([each]) => each === name));
/** Removes the final full stop, as in zod's messages: the loader adds it. */
const sentence = (problem: string): string => problem.replace(/\.$/, '');

export type BriefConfig = z.output<typeof briefConfig>;
/** The topics that a brief names, or `all`. */
export const briefTopics = ({ topic = 'all', topics }: Pick<BriefConfig, 'topic' | 'topics'>) =>
  topics ?? (topic === 'all' ? 'all' : [topic]);

/** Whether a brief reports on a topic. */
export const isOnTopic = (config: Pick<BriefConfig, 'topic' | 'topics'>, topic: string): boolean => {
  const topics = briefTopics(config);
  return topics === 'all' || topics.includes(topic);
};

export type ChartConfig = z.output<typeof chart>;
export type FindingConfig = z.output<typeof finding>;

/** The queries from whose rows a finding is computed, each with the setting that names it. */
export const queriesOfFinding = (config: FindingConfig): { setting: string; query: string }[] =>
  Object.entries({
    rows: config.rows,
    ...(config.kind === 'activity' && { lag: config.lag, coverage: config.coverage }),
  }).flatMap(([setting, query]) => (typeof query === 'string' ? [{ setting, query }] : []));

const publisher = z.strictObject({
  /** Who issues the briefs: the author in the properties of their PDFs. */
  name: text,
  /** For the head of the first page; the name by default. */
  shortName: text.optional(),
  /** Where readers report errors: an e-mail or web address, or a few words with one. */
  corrections: text.optional(),
});
type Publisher = z.output<typeof publisher>;

/** `sitrep.yaml` at a project's root: who publishes, and what its briefs need not repeat. */
const settingsOfProject = z.strictObject({
  publisher: publisher.optional(),
  /** A file in `images/`. */
  logo: text.optional(),
  colours: z
    .strictObject({
      ink: readableColour.default(usualColours.ink),
      accent: readableColour.default(usualColours.accent),
    })
    .optional(),
  fonts: fontSettings.optional(),
  marking: marking.optional(),
  /** Also of web pages, alerts and messages of the program. */
  language: languageTag.optional(),
  paper: z.enum(papers).optional(),
});
export const projectSettings = settingsOfProject.refine(
  ({ logo, publisher: whose }) => logo === undefined || whose !== undefined,
  { path: ['logo'], error: 'needs publisher.name, which says whose logo it is' },
);
export type ProjectSettings = z.output<typeof projectSettings>;

/** The text of a file, with the path used in messages. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** A loaded brief: its definition and all its files. */
export interface Brief {
  /** The name of the brief's folder. */
  readonly id: string;
  readonly config: BriefConfig;
  readonly definition: SourceFile;
  readonly template: SourceFile;
  readonly partials: { readonly [name: string]: SourceFile };
  readonly queries: { readonly [name: string]: SourceFile };
  /** Macros of all briefs, then those of the dataset. */
  readonly macros: readonly SourceFile[];
  readonly charts: {
    readonly [name: string]: ChartConfig & { readonly source: SourceFile; readonly parsed: object };
  };
  readonly theme: { readonly source: SourceFile; readonly parsed: object };
  readonly styles: SourceFile;
  /** The words of the brief's language that the program itself prints. */
  readonly locale: Locale;
  /** Who issues the brief, from `sitrep.yaml`. */
  readonly publisher: Publisher | null;
  /** The publisher's logo and colours, from `sitrep.yaml`. */
  readonly identity: Identity;
  /** The images that its template and partials name, by file. */
  readonly images: { readonly [file: string]: Image };
}

/** Who publishes, and how that looks, from `sitrep.yaml`. */
export type Imprint = Pick<Brief, 'publisher' | 'identity'>;

/** The images that a brief's pages may show. */
export const imagesOf = ({ identity: { logo }, images }: Brief): Image[] => [
  ...(logo === null ? [] : [logo]),
  ...Object.values(images),
];

export interface Identity {
  readonly logo: Image | null;
  readonly colours: Colours;
  /** The publisher's own fonts, if any. */
  readonly fonts: readonly OwnFont[];
}
