import { z } from 'zod';
import { type Marking, marking, mayReceive } from '../dataset/fields.ts';

const common = {
  /** Editions with a higher marking are not sent. */
  clearance: marking.default('TLP:CLEAR'),
  /** Which editions of a brief that fans out to deliver: those whose parameters have these values. By default, all. */
  only: z.record(z.string(), z.string()).default({}),
};
const folderName = z.string().regex(/^\w[\w-]*$/, 'is not the name of a folder: letters, digits, - and _');

/** What to do with a message whose delivery is unknown because the process ended while sending it. */
const afterCrash = z.enum(['resend', 'hold']).default('resend');

/** A destination of editions. */
export const target = z.union(
  [
    z.strictObject({ folder: folderName, ...common }),
    z.strictObject({ email: z.email('is not an e-mail address'), afterCrash, ...common }),
    z.strictObject({
      webhook: z.url({ protocol: /^https?$/, error: 'is not a http or https address' }),
      ...common,
    }),
  ],
  { error: 'is not a target: give folder, email or webhook, and perhaps clearance, only, afterCrash' },
);
export type Target = z.output<typeof target>;

export const channels = ['email', 'webhook', 'folder'] as const;
export type Channel = (typeof channels)[number];

/** The reason why an edition with this marking may not go to the target; null if it may. */
export const beyondClearance = ({ clearance }: Target, what: Marking): string | null =>
  mayReceive(clearance, what)
    ? null
    : `The edition is marked ${what} and the target is cleared for ${clearance}.`;

/** Whether mail with unknown delivery waits for an operator. Other channels can detect repeats. */
export const holdsWhenUnknown = (to: Target): boolean => 'email' in to && to.afterCrash === 'hold';

/** A target's channel and its address there. */
export function addressOf(to: Target): { channel: Channel; address: string } {
  if ('email' in to) return { channel: 'email', address: to.email };
  if ('webhook' in to) return { channel: 'webhook', address: to.webhook };
  return { channel: 'folder', address: to.folder };
}
