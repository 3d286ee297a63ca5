import { z } from 'zod';

/** The publisher's colours by role, as `#rrggbb`: pages, charts, mail and web pages use no other of their own. */
export interface Colours {
  /** Headings, rules, links and most marks of charts. */
  readonly ink: string;
  /** What is to be noticed: the bottom line, the mark of what changed. */
  readonly accent: string;
}

export const usualColours: Colours = { ink: '#1d3557', accent: '#a63d1e' };

/** What lies behind text in these colours: the page, and the tinted ground of charts and web pages. */
const grounds = ['#ffffff', '#f4f3ef'] as const;
/** WCAG 2.2, 1.4.3, for text of any size. */
const LEAST_CONTRAST = 4.5;

type Channels = readonly [red: number, green: number, blue: number];

/** From 0 to 1. */
const channelsOf = (colour: string): Channels => {
  const at = (start: number) => Number.parseInt(colour.slice(start, start + 2), 16) / 255;
  return [at(1), at(3), at(5)];
};

const hexOf = (channels: Channels): string =>
  `#${Buffer.from(channels.map((value) => Math.round(value * 255))).toString('hex')}`;

/** As a printer makes it grey: by the weights of Rec. 601, applied to the stored values. */
const grey = ([red, green, blue]: Channels): Channels => {
  const value = 0.299 * red + 0.587 * green + 0.114 * blue;
  return [value, value, value];
};

/** WCAG 2.2, "relative luminance". */
function luminance(channels: Channels): number {
  const [red = 0, green = 0, blue = 0] = channels.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, "contrast ratio", of the weakest use: on each ground, in colour and in grey. */
export function weakestContrast(colour: string): number {
  const own = channelsOf(colour);
  const ratios = grounds.flatMap((ground) =>
    [(each: Channels) => each, grey].map((seen) => {
      const [a, b] = [luminance(seen(own)), luminance(seen(channelsOf(ground)))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }),
  );
  return Math.min(...ratios);
}

/** The lightest colour of the same hue that passes. */
export function nearestReadable(colour: string): string {
  const own = channelsOf(colour);
  const steps = Array.from({ length: 256 }, (_, step) => 1 - step / 255);
  const darker = steps.map((share): string => hexOf([own[0] * share, own[1] * share, own[2] * share]));
  return darker.find((each) => weakestContrast(each) >= LEAST_CONTRAST) ?? '#000000';
}

/** `#rrggbb`. Too pale a colour is a fault, with the nearest one that passes as its hint. */
export const readableColour = z
  // Without quotes, YAML reads a comment.
  .string('is not a colour in quotes such as "#1d3557"')
  .regex(/^#[0-9a-f]{6}$/i, { error: 'is not a colour such as "#1d3557"', abort: true })
  .transform((colour) => colour.toLowerCase())
  .superRefine((colour, context) => {
    const found = weakestContrast(colour);
    if (found >= LEAST_CONTRAST) return;
    const contrast = (Math.floor(found * 10) / 10).toFixed(1);
    context.addIssue({
      code: 'custom',
      message: `is not dark enough for text: its contrast is ${contrast}, on white or tinted ground, in colour or in grey, and ${LEAST_CONTRAST} is needed`,
      params: { hint: `The nearest colour that passes is "${nearestReadable(colour)}".` },
    });
  });
