import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearestReadable, usualColours, weakestContrast } from '../../src/project/colours.ts';
import { contrast } from '../support/seen-texts.ts';

const rgb = (hex: string): string =>
  `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(', ')})`;

test('the weakest contrast is that of WCAG, on each ground, in colour and in grey', () => {
  for (const colour of [...Object.values(usualColours), '#00ff00', '#808080']) {
    const { inColour, inGrey } = contrast(rgb(colour), 'rgb(244, 243, 239)');
    expect(weakestContrast(colour)).toBeCloseTo(Math.min(inColour, inGrey), 6);
  }
  expect(Math.min(...Object.values(usualColours).map(weakestContrast))).toBeGreaterThan(4.5);
});

test('the nearest readable colour passes, and no lighter one of its hue does', () => {
  const channel = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(channel, channel, channel), (channels) => {
      const colour = `#${channels.map((each) => each.toString(16).padStart(2, '0')).join('')}`;
      const near = nearestReadable(colour);
      expect(weakestContrast(near)).toBeGreaterThanOrEqual(4.5);
      if (weakestContrast(colour) >= 4.5) expect(near).toBe(colour);
      else expect(weakestContrast(near)).toBeLessThan(5.2);
    }),
  );
});
