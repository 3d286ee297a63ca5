/** What of it is given: JSON, and whoever checks it strictly, knows no undefined. */
export const definedOnly = <T>(given: { readonly [name: string]: T | undefined }): { [name: string]: T } =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
