import { z } from 'zod';
import type { Dataset } from '../dataset/schema.ts';
import { AppError } from '../errors.ts';
import { type DeliveryRecord, type EditionRecord, isForRecipients } from '../ledger/edition.ts';
import { replacementOf } from '../ledger/revisions.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Brief } from '../project/brief.ts';
import type { Manifest } from '../render/manifest.ts';

/** What an operator's commands need. */
export interface Office {
  readonly ledger: Ledger;
  readonly briefIds: () => Promise<string[]>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  loadDataset(name: string): Promise<Dataset>;
  /** The manifest of an edition, while its files are as they were written. */
  readonly readManifest: (folder: string) => Promise<Manifest | undefined>;
  /** The bytes of an edition's PDF; undefined when they are not there. */
  readonly readPdf: (folder: string, name: string) => Promise<Uint8Array | undefined>;
  /**
   * Removes the files of editions together with their rows: when `removeRows` answers false or fails, the files stay.
   * Throws `output-unwritable`.
   */
  readonly removeEditions: (
    folders: readonly string[],
    removeRows: () => Promise<boolean>,
  ) => Promise<boolean>;
  /** Finishes what a killed process left half stored or half removed. */
  readonly tidyEditions: () => Promise<void>;
  readonly now: () => Date;
  /** Who asks, for the record. */
  readonly who: string;
  /** No edition is asked for by name while so many wait. */
  readonly mostQueued: number;
  /** A link that lets one browser in as this machine's operator; absent where this process serves no pages. */
  readonly newLink?: () => string | undefined;
}

/** Who asks where it is a command of this machine's user. */
export const commandLineUser = 'command line';

export type Found = { readonly edition: EditionRecord } | { readonly delivery: DeliveryRecord };

/** The edition of that id, or the one delivery whose id begins so. Throws `edition-unknown`. */
export async function find({ ledger }: Office, id: string): Promise<Found> {
  const edition = await ledger.edition(id);
  if (edition) return { edition };
  const [whole] = await ledger.deliveries({ id });
  if (whole) return { delivery: whole };
  const deliveries = id.length >= 6 ? await ledger.deliveries({ limit: 100_000 }) : [];
  const [delivery, other] = deliveries.filter((each) => each.id.startsWith(id));
  if (delivery && !other) return { delivery };
  throw unknownEdition(id, `${other ? 'single ' : ''}edition or delivery`);
}

export const unknownEdition = (id: string, what = 'edition'): AppError =>
  new AppError('edition-unknown', [
    {
      problem: `There is no ${what} "${id}" in the ledger.`,
      mend: '"sitrep runs" shows the editions, such as weekly/2021-08-22, "sitrep deliveries" the deliveries.',
    },
  ]);

export async function editionOf({ ledger }: Office, id: string): Promise<EditionRecord> {
  const edition = await ledger.edition(id);
  if (edition === undefined) throw new Error(`The edition ${id} of a delivery is gone.`);
  return edition;
}

/** Moves each delivery that is in one of the states; gives the ids of those. Throws if there is none. */
export async function move(
  { ledger, now }: Office,
  deliveries: readonly DeliveryRecord[],
  {
    from,
    to,
    reason = null,
    didNotArrive = false,
  }: {
    from: readonly DeliveryRecord['state'][];
    to: DeliveryRecord['state'];
    reason?: string | null;
    didNotArrive?: boolean;
  },
): Promise<string[]> {
  const moved: string[] = [];
  for (const { id } of deliveries)
    if (await ledger.moveDelivery(id, { from, to, reason, didNotArrive, now: now() })) moved.push(id);
  if (moved.length === 0)
    throw refused(
      `Nothing there is ${from.join(' or ')}.`,
      '"sitrep runs" and "sitrep deliveries" show the states.',
    );
  return moved;
}

export const refused = (problem: string, mend: string): AppError =>
  new AppError('operation-refused', [{ problem, mend }]);

/** Throws for an edition, or a delivery of one, in whose place a later revision is or will be. */
export async function refuseReplaced(
  office: Office,
  found: { edition: EditionRecord } | { delivery: DeliveryRecord },
): Promise<void> {
  if ('delivery' in found && !isForRecipients(found.delivery.content)) return;
  const edition = 'edition' in found ? found.edition : await editionOf(office, found.delivery.edition);
  const later = await replacementOf(edition, office.ledger);
  if (later) throw refused(`${edition.id} is replaced by ${later.id}.`, 'Name that one.');
}

/** What can be asked, with a schema of what it is asked with: it may come over a socket. */
export const operation = <I extends z.ZodType>(
  input: I,
  run: (office: Office, input: z.output<I>) => Promise<unknown>,
) => ({
  input,
  run: async (office: Office, given: unknown) => run(office, input.parse(given)),
});

export const limit = z.number().int().positive().max(100_000).optional();
