import type { Content, NewDelivery } from '../model/edition.ts';

/** Word to the operator, once for each kind and edition. */
export const alertTo = (operator: string, content: Exclude<Content, 'edition' | 'notice'>): NewDelivery => ({
  channel: 'email',
  address: operator,
  content,
  copy: 0,
  // Alerts name editions and reasons, and none of their contents: they may go to the operator under any marking.
  target: { email: operator, clearance: 'TLP:RED', afterCrash: 'resend', only: {} },
  heldBecause: null,
});
