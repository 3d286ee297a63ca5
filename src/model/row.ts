/** A value as SQL, charts and templates see it: dates are `YYYY-MM-DD`, whole and decimal numbers are numbers. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** One row of a query's result. */
export type Row = { readonly [column: string]: Value };

/** The results of a brief's queries by name. */
export type RowSets = { readonly [name: string]: readonly Row[] };
