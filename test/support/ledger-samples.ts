import type { NewDelivery, NewEdition } from '../../src/ledger/records.ts';
import type { Claim, Ledger, Making } from '../../src/ledger/types.ts';

export const at = (instant: string): Date => new Date(instant);
/** A Monday morning on which the week before is due. */
export const now = at('2021-08-23T05:00:00Z');

/** An edition as the schedule asks for it. */
export const asked = (fields: Partial<NewEdition> = {}): NewEdition => {
  const { brief = 'weekly', asOf = '2021-08-22' } = fields;
  return {
    id: `${brief}/${asOf}`,
    brief,
    asOf,
    paper: 'A4',
    parameters: {},
    partOf: null,
    origin: 'schedule',
    slot: now,
    reach: 'all',
    correction: null,
    ...fields,
  };
};

/** A delivery by mail, which may be sent again after a crash. */
export const mailTo = (address: string, { hold = false, ...fields }: MailFields = {}): NewDelivery => ({
  channel: 'email',
  address,
  content: 'edition',
  copy: 0,
  target: { email: address, clearance: 'TLP:CLEAR', afterCrash: hold ? 'hold' : 'resend', only: {} },
  heldBecause: null,
  ...fields,
});
type MailFields = Partial<NewDelivery> & { readonly hold?: boolean };

export const made = (
  ...deliveries: NewDelivery[]
): Extract<Making, { outcome: 'made' | 'unchanged' | 'notice' }> => ({
  outcome: 'made',
  folder: 'output/weekly/2021-08-22',
  sha256: 'a'.repeat(64),
  pages: 2,
  card: {
    title: 'Weekly',
    issue: '2021-W33',
    marking: 'TLP:CLEAR',
    paragraphs: ['It is so.'],
    pdf: 'a.pdf',
    corrected: [],
    highlights: null,
  },
  needsApproval: false,
  deliveries,
});

/** Asks for an edition and claims it. */
export async function claimed(
  ledger: Ledger,
  { job = 'job-1', ...fields }: Partial<NewEdition> & { job?: string } = {},
): Promise<Claim> {
  const edition = asked(fields);
  await ledger.request([edition], now);
  const claim = await ledger.claimEdition(edition.id, { job, now });
  if (claim === undefined) throw new Error(`${edition.id} could not be claimed.`);
  return claim;
}

/** Asks for an edition and settles it as made, with deliveries; gives the ids of those. */
export async function delivering(ledger: Ledger, ...deliveries: NewDelivery[]): Promise<string[]> {
  const claim = await claimed(ledger);
  await ledger.settleEdition(claim, made(...deliveries), { now, alert: null });
  const found = await ledger.deliveries({ edition: claim.edition.id });
  return deliveries.map(({ address }) => found.find((each) => each.address === address)?.id ?? '');
}

/** Removes what was settled before an instant, as "prune" does; gives the ids. */
export async function removeSettled(ledger: Ledger, before: Date): Promise<string[]> {
  const ids = (await ledger.removableEditions(before)).map(({ id }) => id);
  return (await ledger.removeEditions(ids, before)) ? ids : [];
}
