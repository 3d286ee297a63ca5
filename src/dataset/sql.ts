/** Text as an SQL literal, for places that accept no parameter. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
