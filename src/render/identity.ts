import type { Identity } from '../project/brief.ts';
import { familiesOf } from '../project/fonts.ts';

/** The publisher's colours and faces, as the custom properties that `page.css` uses. */
export function identityStyles({ colours: { ink, accent }, fonts }: Identity): string {
  const { serif, sans } = familiesOf(fonts);
  return `:root { --ink: ${ink}; --accent: ${accent}; --serif: ${serif}, serif; --sans: ${sans}, sans-serif; --label: 'Source Sans 3', sans-serif; }`;
}
