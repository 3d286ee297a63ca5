import type { Identity } from '../project/brief.ts';

/** The publisher's colours and faces, as the custom properties that `page.css` uses. */
export const identityStyles = ({ colours: { ink, accent } }: Identity): string =>
  `:root { --ink: ${ink}; --accent: ${accent}; --serif: 'Source Serif 4', serif; --sans: 'Source Sans 3', sans-serif; }`;
