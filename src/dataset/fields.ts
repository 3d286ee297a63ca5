import { z } from 'zod';
import { day } from '../calendar.ts';

/** Traffic Light Protocol 2.0 (FIRST), from least to most restricted. */
export const markings = ['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'] as const;
export const marking = z.enum(markings);
export type Marking = z.output<typeof marking>;

/** Whether a recipient with `clearance` may see material marked `what`. */
export const mayReceive = (clearance: Marking, what: Marking): boolean =>
  markings.indexOf(what) <= markings.indexOf(clearance);

/** The markings that a recipient with `clearance` may see. */
export const markingsWithin = (clearance: Marking): Marking[] =>
  markings.filter((each) => mayReceive(clearance, each));

/** An empty field means "not given" and becomes null. */
const empty = z.literal('').transform(() => null);
export const text = z.string().trim().min(1, 'is empty');
/** Text in sentences or phrases, whose wording is checked if a page prints it. `text` is a name or a term. */
export const prose = text.meta({ prose: true });
export const optional = <T extends z.ZodType>(type: T) => z.union([empty, type]).meta(type.meta() ?? {});
export const list = z.string().transform((value) =>
  value
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
export const number = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/, 'is not a number')
  .transform(Number);
export const id = z
  .string()
  .regex(/^[A-Z][A-Za-z0-9-]*$/, 'is not an id: a capital letter, then letters, digits and hyphens');

/** A table column and its SQL type. */
export interface Column {
  readonly name: string;
  readonly type: 'DATE' | 'TIMESTAMP' | 'DOUBLE' | 'BIGINT' | 'BOOLEAN' | 'VARCHAR[]' | 'VARCHAR';
}

/**
 * How a fact reached us. claimed: its author says so about itself; attributed: a source says so about somebody else;
 * alleged: a source repeats it without vouching for it; asserted: stated without a source; statement: the statement is
 * the event; public-record: common knowledge at the time; assessed: a source's own reading.
 */
export const claimStatus = z.enum([
  'claimed',
  'attributed',
  'alleged',
  'asserted',
  'statement',
  'public-record',
  'assessed',
  'verified',
  'denied',
]);

export const key = {
  id,
  /** The day on which this row became known; together with the id it is the row's key. */
  known_on: day,
  /** `withdrawn` ends every earlier row of the same id. */
  status: z.enum(['current', 'withdrawn']),
  /** Set on rows that are more restricted than their dataset; a table may omit the column. */
  marking: optional(marking),
};
/** TLP 2.0 (FIRST, August 2022): the colour of each label on black. */
export const markingColours = {
  'TLP:RED': '#ff2b2b',
  'TLP:AMBER+STRICT': '#ffc000',
  'TLP:AMBER': '#ffc000',
  'TLP:GREEN': '#33ff00',
  'TLP:CLEAR': '#ffffff',
} as const satisfies { readonly [label in Marking]: string };

/** Admiralty code for the item's credibility, 1 (confirmed) to 6 (cannot be judged); empty means "not graded". */
export const credibility = optional(z.enum(['1', '2', '3', '4', '5', '6']));

/** ICD 203 likelihood terms, from only one row of its table. */
export const likelihood = z.enum([
  'almost no chance',
  'very unlikely',
  'unlikely',
  'roughly even chance',
  'likely',
  'very likely',
  'almost certain',
]);

/** ICD 203 (2015), D.6.e(2)(a): the range of each term, in per cent. */
export const likelihoodRanges: {
  readonly [term in z.output<typeof likelihood>]: { readonly low: number; readonly high: number };
} = {
  'almost no chance': { low: 1, high: 5 },
  'very unlikely': { low: 5, high: 20 },
  unlikely: { low: 20, high: 45 },
  'roughly even chance': { low: 45, high: 55 },
  likely: { low: 55, high: 80 },
  'very likely': { low: 80, high: 95 },
  'almost certain': { low: 95, high: 99 },
};
