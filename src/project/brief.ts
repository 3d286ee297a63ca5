import { Cron } from 'croner';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { day } from '../calendar.ts';
import { marking } from '../dataset/fields.ts';
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
const length = z
  .string()
  .refine(
    (value) => isLength(value, { inMonths: false }),
    'is not an ISO 8601 length in days or weeks such as P7D',
  );
/** Months are calendar months: see `periodEnding`. */
const period = z
  .string()
  .refine(
    (value) => isLength(value, { inMonths: true }),
    'is not an ISO 8601 length in days or weeks such as P7D, or in months such as P1M',
  );

const anyDay = new Date('2000-01-01T00:00:00Z');
/** croner returns no next run for a day that never comes, such as 30 February. */
const cron = z.string().refine((pattern) => {
  try {
    return new Cron(pattern, { timezone: 'UTC', paused: true }).nextRun(anyDay) !== null;
  } catch {
    return false;
  }
}, 'is not a cron pattern that ever comes due, such as "0 6 * * MON"');

/** A file of the brief's own folder, of the folder that its dataset's briefs share, or of `_shared/`. */
const ownFile = z
  .string()
  .regex(/^(?!.*\.\.)\w[\w./-]*$/, 'is not the name of a file in this folder or in _shared/');

export const papers = ['A4', 'Letter'] as const;
export type Paper = (typeof papers)[number];

const chart = z.strictObject({
  /** A Vega-Lite file of the brief's own folder, or of a shared one. */
  spec: ownFile,
  /** The data sets that the spec names, each the result of a query, or `outlines` or `borders` for maps. */
  data: z.record(z.string(), z.string()),
  /** The query whose rows make the chart worth drawing: without rows the chart is left out. */
  rows: text,
  /** Captions to choose from, as ids of judgments: the newest that is known stands above the chart, else the title. */
  captions: z.array(text).default([]),
  /** What is drawn and in which unit; stands below the caption, or in its place where none is known. */
  title: text,
  /** What the picture looks like, for those who cannot see it; its caption and rows are added. */
  alt: text,
  /** A line below the chart, after its sources. */
  note: text.optional(),
  /** A map must say that its boundaries are not authoritative. */
  map: z.boolean().default(false),
  /** Rows that are not drawn: columns and their values, any of which will do. Every other row must show. The reason stands in the manifest. */
  leavesOut: z
    .strictObject({
      rows: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      reason: text,
    })
    .optional(),
  /** Data sets of the chart whose marks stand for several rows each. The reason stands in the manifest. */
  aggregated: z.strictObject({ sets: z.array(text).min(1), reason: text }).optional(),
});

const finding = z.discriminatedUnion('kind', [
  /** How many rows a query returned. */
  z.strictObject({ kind: z.literal('count'), rows: text }),
  /** What a lower bound of a share, in percent, leaves for the rest: at most 100 less the bound. */
  z.strictObject({ kind: z.literal('rest-of-share'), rows: text }),
  /** A silence against the rate before it, under each reading of where it begins. */
  z.strictObject({
    kind: z.literal('rate-change'),
    rows: text,
    level: z.number().gt(0).lt(1),
    /** Sizes k of the negative binomial under which the chance is computed again, the larger first. */
    clustering: z.tuple([z.number().positive(), z.number().positive()]),
    /** Chances of silence, the smaller first, for which the share of events still seen is computed: at which loss of collection the silence stops being surprising. */
    breakEven: z.tuple([z.number().gt(0).lt(1), z.number().gt(0).lt(1)]),
  }),
]);

/** When a brief is due, and what becomes of a slot that was missed or has nothing to tell. */
const schedule = z.strictObject({
  cron,
  timezone,
  /** Which missed slots are made up for once the program runs again. */
  catchUp: z.enum(['all', 'latest', 'skip']).default('all'),
  /** Most slots that are made up for at once: older ones are skipped. */
  most: z.number().int().positive().default(10),
  /** A slot that is later than this is skipped. */
  maxLateness: length.default('P60D'),
  /** Issue the brief all the same, send a short notice in its place, or send nothing. */
  whenNothingNew: z.enum(['issue', 'notice', 'skip']).default('issue'),
});
export type Schedule = z.output<typeof schedule>;

/** A day on which the tests render the brief, and which edition; of a brief that fans out all when left out. */
const golden = z.strictObject({
  asOf: day,
  parameters: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

const definition = z.strictObject({
  title: text,
  /** Stands in the PDF's properties, under the title. */
  subject: text,
  /** The topics of the dataset that it reports on; all of them if left out. */
  topics: z.union([z.literal('all'), z.array(text).min(1)]).optional(),
  /** The same, for a brief on one topic. */
  topic: text.optional(),
  dataset: text,
  schedule,
  period,
  marking,
  paper: z.enum(papers).default('A4'),
  /** What editions of one day can differ in; queries see them as `$name`, templates as `parameters.name`. */
  parameters: z.record(z.string(), parameter).default({}),
  /** The query that gives an edition for each of its rows, its columns being the parameters. */
  forEach: z.string().nullable().default(null),
  /** The query whose ids are the changes to report; without it, all on the topic. */
  changes: z.string().nullable().default(null),
  queries: z.record(z.string().regex(/^[a-z][a-z_]*$/), ownFile).default({}),
  charts: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), chart).default({}),
  findings: z.record(z.string().regex(/^[a-z][a-z-]*$/), finding).default({}),
  /** Where each edition goes once it is made. */
  deliver: z.array(target).default([]),
  /** Whether an edition waits, once it is made, until somebody approves its PDF. */
  approval: z.boolean().default(false),
  limits: z.strictObject({
    pages: z.number().int().positive(),
    megabytes: z.number().positive(),
    seconds: z.number().positive(),
  }),
  /** Which rules are errors and which are warnings: docs/rules.md lists them. */
  profile: z.enum(['strict', 'standard']).default('strict'),
  /** Rules that the brief may break, each with its reason, which stands in the manifest. */
  waive: z.array(z.strictObject({ rule: text, reason: text })).default([]),
  /** Editions that the tests render and compare with what was accepted. */
  golden: z.array(golden).min(1),
});

/** `brief.yaml`: the standing definition of a brief. */
export const briefConfig = definition.superRefine(
  ({ topic, topics, parameters, forEach, deliver, golden: days }, context) => {
    const report = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (topic !== undefined && topics !== undefined)
      report(['topic'], 'says the same as "topics": keep one of the two');
    const names = Object.keys(parameters);
    for (const name of names) {
      if (!parameterName.test(name))
        report(['parameters', name], 'is not a name of small letters, digits and underscores');
      if (builtInParameters.some((each) => each === name))
        report(['parameters', name], 'has the name of what every query sees anyway');
    }
    if (forEach !== null && names.length === 0)
      report(['forEach'], 'gives parameters, and none are declared under parameters');

    // Nearly all mail servers make nothing of capitals: one mailbox in two spellings would receive everything twice.
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
/** As the messages of schemas are: the loader ends them with a full stop. */
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

/** A text file as it was read, with the path that messages name. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** A brief as loaded: its definition and every file it is made of. */
export interface Brief {
  /** The name of its folder. */
  readonly id: string;
  readonly config: BriefConfig;
  readonly definition: SourceFile;
  readonly template: SourceFile;
  readonly partials: { readonly [name: string]: SourceFile };
  readonly queries: { readonly [name: string]: SourceFile };
  /** Those of all briefs, then those of the dataset. */
  readonly macros: readonly SourceFile[];
  readonly charts: {
    readonly [name: string]: ChartConfig & { readonly source: SourceFile; readonly parsed: object };
  };
  readonly theme: { readonly source: SourceFile; readonly parsed: object };
  readonly styles: SourceFile;
}
