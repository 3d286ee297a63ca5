import type { Sight } from '../../runtime/ledger.ts';

/** Conditions of a query with their values, each `$?` standing for the next value. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * That an edition may be seen. What was made counts as it was marked then. In any other state so does its brief: the
 * card may be of an earlier making, and the reasons that are told of a later one.
 */
export const seen = ({ markings, briefs }: Sight): Condition => ({
  sql: `(card->>'marking' IS NULL OR card->>'marking' = ANY($?::text[]))
    AND ((card->>'marking' IS NOT NULL AND state IN ('rendered', 'delivering', 'done')) OR brief = ANY($?::text[]))`,
  values: [[...markings], [...briefs]],
});

/** The same of something whose column `edition` names the edition. */
export function seenOf(sight: Sight): Condition {
  const { sql, values } = seen(sight);
  return { sql: `edition IN (SELECT id FROM sitrep.edition WHERE ${sql})`, values };
}

/** All of them, joined and with their values numbered. */
export function where(conditions: readonly (Condition | undefined)[]): Condition {
  const given = conditions.filter((condition) => condition !== undefined);
  let number = 0;
  const sql = given.map((each) => `(${each.sql.replaceAll('$?', () => `$${(number += 1)}`)})`).join(' AND ');
  return { sql: sql === '' ? '' : `WHERE ${sql}`, values: given.flatMap(({ values }) => values) };
}

/** A condition that only holds when there is something to compare with. */
export const given = (sql: string, ...values: readonly unknown[]): Condition | undefined =>
  values.every((value) => value !== undefined) ? { sql, values } : undefined;
