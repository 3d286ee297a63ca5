import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { usualColours } from '../../src/project/colours.ts';
import { identityStyles } from '../../src/render/compose.ts';

it('sets every property of the publisher that the style sheet uses, which names no colour or face of its own', async () => {
  const css = await readFile('templates/_shared/page.css', 'utf8');
  const styles = identityStyles({ logo: null, colours: usualColours, fonts: [] });
  const used = new Set([...css.matchAll(/var\((--[a-z-]+)\)/g)].map(([, name = '']) => name));
  const own = new Set([...css.matchAll(/^\s*(--[a-z-]+):/gm)].map(([, name = '']) => name));
  const given = [...used].filter((name) => !own.has(name));
  expect(given.toSorted()).toEqual(['--accent', '--ink', '--label', '--sans', '--serif']);
  for (const name of given) expect(styles).toContain(`${name}: `);
  expect(css).not.toMatch(/#1d3557|#a63d1e|Source S/i);
});
