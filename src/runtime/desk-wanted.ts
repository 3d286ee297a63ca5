import { z } from 'zod';
import { day } from '../model/calendar.ts';
import { deliveryStates, editionStates } from '../model/edition.ts';
import { storable } from '../model/storable.ts';

const named = storable.max(500);
const brief = named.optional().describe('Of this brief');
const edition = named.optional().describe('Of this edition, such as weekly/2021-08-22');
const part = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('At most so many, up to 200'),
  after: z.string().max(500).optional().describe('What follows: "next" of the part before'),
};

/** What the lists of the desk can be asked for with. */
export const editionsWanted = z.strictObject({
  brief,
  state: z.enum(editionStates).optional().describe('In this state'),
  from: day.optional().describe('Reporting through this day or a later one'),
  to: day.optional().describe('Reporting through this day or an earlier one'),
  ...part,
});
export const deliveriesWanted = z.strictObject({
  brief,
  edition,
  state: z.enum(deliveryStates).optional().describe('In this state'),
  ...part,
});
export const auditWanted = z.strictObject({ edition, ...part });
