import { expect, test } from 'vitest';
import type { DeliveryState } from '../../../src/ledger/records.ts';
import { deliveryActions } from '../../../src/server/pages/actions.ts';
import { now } from '../../support/ledger-samples.ts';
import { locale } from '../../support/locale.ts';

const caller = { name: 'ops', may: 'operate', clearance: 'TLP:RED' } as const;
const labelsOf = (state: DeliveryState, mayHaveArrived: boolean, isReplaced = false): string[] =>
  deliveryActions(
    { caller, locale },
    {
      id: 'd1',
      edition: 'weekly/2021-08-22',
      channel: 'email',
      address: 'ana@example.org',
      content: 'edition',
      copy: 0,
      state,
      reason: null,
      attempt: 1,
      interruptions: 0,
      tryingSince: null,
      nextTryAt: null,
      unanswered: 0,
      mayHaveArrived,
      createdAt: now,
      sendingAt: now,
      settledAt: now,
    },
    { back: '/deliveries', isReplaced },
  ).map(({ label }) => label);

test('of what came to rest and may have arrived an operator can say that it did not', () => {
  for (const state of ['bounced', 'failed', 'held', 'cancelled'] as const) {
    expect(labelsOf(state, true)).toContain('Did not arrive');
    expect(labelsOf(state, false)).not.toContain('Did not arrive');
  }
  // Where to cancel says that, no button says less.
  expect(labelsOf('held', true)).toEqual(['Release', 'Did not arrive']);
  expect(labelsOf('held', false)).toEqual(['Release', 'Cancel']);
  for (const state of ['sent', 'sending', 'pending', 'waiting'] as const)
    expect(labelsOf(state, true)).not.toContain('Did not arrive');
});

test('what is refused of an edition that was replaced is not offered', () => {
  expect(labelsOf('sent', false)).toEqual(['Resend']);
  expect(labelsOf('sent', false, true)).toEqual([]);
  expect(labelsOf('bounced', false, true)).toEqual([]);
  expect(labelsOf('held', true, true)).toEqual(['Did not arrive']);
});
