import { z } from 'zod';
import { type Box, loadWorld } from '../../src/dataset/world.ts';

const codeOf = z.object({ country: z.string().nullable() });

/** The boxes of `src/importers/places/country-boxes.ts` as they follow from the outlines, one text for each country. */
export async function boxTexts(): Promise<string[]> {
  const { countries, features } = await loadWorld();
  const whole = new Map(features.map(({ properties, box }) => [codeOf.parse(properties).country, box]));
  const down = (degrees: number): number => Math.floor(degrees * 10) / 10;
  const up = (degrees: number): number => Math.ceil(degrees * 10) / 10;
  const textOf = ({ west, south, east, north }: Box): string =>
    [down(west), down(south), up(east), up(north)].join(' ');
  return countries.map(({ code, ...main }) => {
    const [one, all] = [textOf(main), textOf(whole.get(code) ?? main)];
    return `${code.toLowerCase()} ${one}${one === all ? '' : `/${all}`}`;
  });
}
