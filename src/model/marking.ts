import { z } from 'zod';

/** The Traffic Light Protocol 2.0 (FIRST), from the most open to the most closed. */
export const markings = ['TLP:CLEAR', 'TLP:GREEN', 'TLP:AMBER', 'TLP:AMBER+STRICT', 'TLP:RED'] as const;
export const marking = z.enum(markings);
export type Marking = z.output<typeof marking>;

/** Whether someone cleared for `clearance` may see what is marked `what`. */
export const mayReceive = (clearance: Marking, what: Marking): boolean =>
  markings.indexOf(what) <= markings.indexOf(clearance);

/** The markings that someone cleared for `clearance` may see. */
export const markingsWithin = (clearance: Marking): Marking[] =>
  markings.filter((each) => mayReceive(clearance, each));
