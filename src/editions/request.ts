import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { audited, type ChangeContext } from './context.ts';
import { type Day, day, today } from '../calendar.ts';
import { AppError } from '../errors.ts';
import { newEdition } from '../ledger/edition-id.ts';
import { type Brief, papers } from '../project/brief.ts';
import { requireParameters } from '../project/parameters.ts';

export const editionRequest = z.strictObject({
  /** The last day that the edition reports on. */
  asOf: day,
  parameters: z.record(z.string(), z.union([z.string(), z.number().int()])).default({}),
  /** The brief's own paper by default. */
  paper: z.enum(papers).optional(),
  /** Whether the edition is delivered to the brief's targets after it is generated. */
  deliver: z.boolean().default(false),
});
export type EditionRequest = z.input<typeof editionRequest>;

/** The last day that is over in the brief's time zone, so that its cut-off has passed. */
export const lastDayOver = ({ config }: Brief, now: Date): Day =>
  Temporal.PlainDate.from(today(now, config.schedule.timezone)).subtract({ days: 1 }).toString();

/**
 * Throws `parameter-invalid` for a day that is not over. An edition exists only once, so it would never include the
 * rest of the day.
 */
export function requireOver(
  brief: Brief,
  { asOf, field, now }: { asOf: Day; field: string; now: Date },
): void {
  const last = lastDayOver(brief, now);
  if (asOf <= last) return;
  throw new AppError('parameter-invalid', {
    file: brief.definition.file,
    field,
    problem: `${asOf} is not over in ${brief.config.schedule.timezone}, so the edition would miss what becomes known until midnight.`,
    hint: `Request ${last} or an earlier day.`,
  });
}

/**
 * Requests an edition. An existing one stays as it is. Throws `queue-full`, and `parameter-invalid` for a day that is
 * not over or parameters that the brief does not have.
 */
export async function requestEdition(
  context: ChangeContext,
  { brief, ...asked }: { readonly brief: Brief } & z.output<typeof editionRequest>,
): Promise<{ id: string; isNew: boolean }> {
  const { ledger } = context;
  const { asOf, paper = brief.config.paper, deliver } = asked;
  requireOver(brief, { asOf, field: 'asOf', now: context.now() });
  // A request without parameters for a brief that fans out covers all its editions.
  const isWhole = brief.config.forEach !== null && Object.keys(asked.parameters).length === 0;
  const parameters = isWhole ? {} : requireParameters(brief, asked.parameters);
  const of = { brief: brief.id, asOf, paper, parameters, partOf: null, correction: null };
  const edition = newEdition(
    { ...of, origin: 'request', slot: null, reach: deliver ? 'all' : 'none' },
    { ownPaper: brief.config.paper },
  );
  // Without a requested paper, an edition with the same id counts, whatever its paper. Otherwise the paper must match,
  // whatever the id.
  const named = asked.paper === undefined ? await ledger.edition(edition.id) : undefined;
  const present = named ?? (await ledger.sameEdition(edition));
  if (present !== undefined) {
    const { id, paper: itsPaper } = present;
    // The edition stays as it is but moves ahead of any backfill.
    if (present.state === 'queued')
      await ledger.request([{ ...edition, id, paper: itsPaper }], context.now());
    return { id, isNew: false };
  }
  const { queuedRequests: queued } = await ledger.counts();
  if (queued >= context.mostQueued)
    throw new AppError('queue-full', {
      problem: `${queued} requested editions are already waiting, and the limit is ${context.mostQueued}.`,
      hint: 'Try again later, or raise SITREP_MOST_QUEUED.',
    });
  const details = { asOf, deliver, ...(Object.keys(parameters).length > 0 && { parameters }) };
  const [id] = await audited(context, { what: 'request', edition: edition.id, details }, () =>
    ledger.request([edition], context.now()),
  );
  return { id: id ?? edition.id, isNew: id !== undefined };
}
