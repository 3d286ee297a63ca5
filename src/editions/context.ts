import type { Dataset } from '../dataset/schema.ts';
import { AppError } from '../errors.ts';
import type { AuditRecord } from '../ledger/principal.ts';
import {
  type DeliveryRecord,
  type EditionRecord,
  isForRecipients,
  replacementOf,
} from '../ledger/records.ts';
import type { Ledger, Visibility } from '../ledger/types.ts';
import type { Locale } from '../locale.ts';
import type { Brief } from '../project/brief.ts';
import type { OpenQueries } from '../query/select.ts';
import type { Manifest } from '../render/manifest.ts';

/** Data and effects for the operator's queries and changes. */
export interface OperatorContext {
  readonly ledger: Ledger;
  readonly briefIds: () => Promise<string[]>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  loadDataset(name: string): Promise<Dataset>;
  /** Opens the incidents that an edition cites, to find out what a correction changes. */
  readonly openQueries: OpenQueries;
  /** The manifest of an edition; undefined if its files have changed since they were written. */
  readonly readManifest: (folder: string) => Promise<Manifest | undefined>;
  /** The bytes of an edition's PDF; undefined if the file is missing. */
  readonly readPdf: (folder: string, name: string) => Promise<Uint8Array | undefined>;
  /**
   * Removes editions' files together with their rows. If `removeRows` returns false or fails, the files stay. Throws
   * `output-unwritable`.
   */
  readonly removeEditions: (
    folders: readonly string[],
    removeRows: () => Promise<boolean>,
  ) => Promise<boolean>;
  /** Completes removals and writes that a killed process left unfinished. */
  readonly tidyEditions: () => Promise<void>;
  readonly now: () => Date;
  /** The words of the reasons that the ledger records. */
  readonly locale: Locale;
  /** While this many requested editions wait, requests for others are refused. */
  readonly mostQueued: number;
  /** Creates a link that logs one browser in as this machine's operator; absent if this process serves no pages. */
  readonly newLink?: () => string | undefined;
}

/** The context of a change, with the caller's name for the audit. */
export interface ChangeContext extends OperatorContext {
  readonly who: string;
}

export type Found = { readonly edition: EditionRecord } | { readonly delivery: DeliveryRecord };

/** Minimum length of a delivery id's prefix. */
const LEAST_LETTERS = 6;

/**
 * Finds a visible edition by its id, or the only visible delivery whose id starts with `id`. Throws `edition-unknown`.
 */
export async function find(
  { ledger }: Pick<OperatorContext, 'ledger'>,
  id: string,
  visibility?: Visibility,
): Promise<Found> {
  const edition = await ledger.edition(id, visibility);
  if (edition) return { edition };
  const found =
    id.length < LEAST_LETTERS ? [] : await ledger.deliveries({ idPrefix: id, visibility, limit: 2 });
  const [delivery, other] = found;
  if (delivery && !other) return { delivery };
  throw unknownEdition(id, `${other ? 'single ' : ''}edition or delivery`);
}

export const unknownEdition = (id: string, what = 'edition'): AppError =>
  new AppError('edition-unknown', {
    problem: `There is no ${what} "${id}".`,
    hint: '"sitrep runs" lists the editions, and "sitrep deliveries" lists the deliveries.',
  });

/** The edition, or that of the delivery; undefined for an alert to the operator. */
export async function editionForRecipients(
  { ledger }: OperatorContext,
  found: Found,
): Promise<EditionRecord | undefined> {
  if ('edition' in found) return found.edition;
  const { content, edition: id } = found.delivery;
  if (!isForRecipients(content)) return undefined;
  const edition = await ledger.edition(id);
  if (edition === undefined) throw new Error(`The edition ${id} of a delivery is gone.`);
  return edition;
}

/** Moves a delivery, or an edition's, from one of the `from` states. Returns their ids. Throws if there are none. */
export async function moveDeliveries(
  { ledger, now }: OperatorContext,
  found: Found,
  move: {
    from: readonly DeliveryRecord['state'][];
    to: DeliveryRecord['state'];
    reason?: string | null;
    didNotArrive?: boolean;
  },
): Promise<string[]> {
  const deliveries =
    'delivery' in found ? [found.delivery] : await ledger.deliveries({ edition: found.edition.id });
  const moved: string[] = [];
  for (const { id } of deliveries)
    if (await ledger.moveDelivery(id, { reason: null, ...move, now: now() })) moved.push(id);
  if (moved.length === 0) {
    if (move.to === 'pending' && deliveries.some(({ state }) => move.from.includes(state)))
      throw refused(
        'A later copy has gone out, or is on its way, to each of these recipients.',
        '"sitrep resend" sends another copy.',
      );
    const onHold = deliveries.filter(({ state }) => state === 'held').length;
    throw refused(
      `No delivery is ${move.from.join(' or ')}.`,
      onHold > 0 && 'edition' in found
        ? `${onHold === 1 ? '1 is' : `${onHold} are`} on hold: "sitrep release ${found.edition.id}" continues.`
        : '"sitrep runs" and "sitrep deliveries" show the states.',
    );
  }
  return moved;
}

export const refused = (problem: string, hint: string): AppError =>
  new AppError('operation-refused', { problem, hint });

/** Throws if a later revision replaces or will replace the edition, or the edition of the delivery. */
export async function refuseReplaced(context: OperatorContext, found: Found): Promise<void> {
  const edition = await editionForRecipients(context, found);
  const later = edition && (await replacementOf(edition, context.ledger));
  if (later) throw refused(`${edition.id} was replaced by ${later.id}.`, `Use ${later.id} instead.`);
}

type Change = Pick<AuditRecord, 'what' | 'edition' | 'details'>;

/** Makes a change and records its outcome. The change is recorded before it is made, so that a crash cannot hide it. */
export async function audited<T>(
  { ledger, who, now }: ChangeContext,
  change: Change,
  work: () => Promise<T>,
): Promise<T> {
  const id = await ledger.recordChange({ at: now(), who, ...change });
  try {
    const result = await work();
    await ledger.closeChange(id, 'done');
    return result;
  } catch (error) {
    await ledger.closeChange(
      id,
      error instanceof AppError && error.code !== 'ledger-unavailable' ? 'refused' : 'failed',
    );
    throw error;
  }
}

/**
 * The same for a change to an edition or one of its deliveries. Throws `edition-unknown` without recording anything.
 */
export async function auditedChange<T>(
  context: ChangeContext,
  { what, id, details = {} }: { what: string; id: string; details?: Change['details'] },
  work: (found: Found) => Promise<T>,
): Promise<T> {
  const found = await find(context, id);
  const change =
    'delivery' in found
      ? { edition: found.delivery.edition, details: { ...details, delivery: found.delivery.id } }
      : { edition: found.edition.id, details };
  return audited(context, { what, ...change }, () => work(found));
}
