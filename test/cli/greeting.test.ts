import { expect, test } from 'vitest';
import { greeting } from '../../src/cli/greeting.ts';
import { parseDeliverySettings } from '../../src/delivery/settings.ts';
import { briefOf } from '../support/brief-of.ts';

test('the service says when no brief has targets', () => {
  const said = (...deliver: (readonly object[])[]): string =>
    greeting(
      deliver.map((targets) => briefOf({ deliver: targets })),
      {
        now: new Date('2021-08-25T00:00:00Z'),
        port: 8017,
        roles: ['scheduler', 'worker', 'server'],
        settings: parseDeliverySettings({}),
        notices: [],
        link: null,
        isServer: false,
      },
    ).join('\n');
  expect(said([], [])).toContain('No brief has targets ("deliver" in brief.yaml)');
  expect(said([], [{ folder: 'archive' }])).not.toContain('No brief has targets');
});
