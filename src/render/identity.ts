/** The publisher's colours and faces, as the custom properties that `page.css` uses. */
export const identityStyles = (): string =>
  ":root { --ink: #1d3557; --accent: #a63d1e; --serif: 'Source Serif 4', serif; --sans: 'Source Sans 3', sans-serif; }";
