import { join } from 'node:path';
import type { Day } from '../calendar.ts';
import {
  type ImportRecord,
  importFolder,
  incidentColumns,
  type IncidentStore,
  type IncidentView,
  incidentsAsOf,
} from './incidents.ts';
import { rowFiles } from './reading/newest-rows.ts';

/** The incidents that an edition or a corrected revision of it sees. */
export interface CorrectedIncidentView extends IncidentView {
  /** The later imports whose revisions and withdrawals the view includes, oldest first. */
  readonly corrections: readonly ImportRecord[];
}

/**
 * The incidents of `incidentsAsOf`, each in its version of the import `correctedBy`, without those withdrawn by then.
 * Incidents that are new in a later import are left out: they belong to later issues. Without `correctedBy`, the view
 * is that of the first issue. `imports` are those of the first issue, because a correction does not extend what it
 * covers.
 */
export function correctedIncidents(
  store: IncidentStore,
  {
    asOf,
    knownBy = asOf,
    upTo,
    correctedBy,
  }: { asOf: Day; knownBy?: Day; upTo?: number | undefined; correctedBy?: number | undefined },
): CorrectedIncidentView {
  const base = incidentsAsOf(store, { asOf, knownBy, ...(upTo !== undefined && { upTo }) });
  const corrections = correctionsAfter(store, { base, correctedBy });
  if (corrections.length === 0) return { ...base, corrections };
  const reading = (names: readonly string[]): string =>
    `read_parquet([${names.map((name) => quote(join(store.folder, name))).join(', ')}])`;
  const superseded = reading(
    corrections.map(({ number }) => join(importFolder(number), 'superseded.parquet')),
  );
  const names = [...incidentColumns.map(({ name }) => name), 'import'].map((name) => `"${name}"`).join(', ');
  // One import may revise what another has revised, so the rows of corrections are compared with all of them too.
  const current = (rows: string) =>
    `SELECT ${names} FROM ${rows} ANTI JOIN ${superseded} USING (id, "import")`;
  const newest = current(
    `(SELECT ${names} FROM ${reading(corrections.flatMap(rowFiles))} WHERE status = 'current')`,
  );
  return {
    ...base,
    sql: `${current(`(${base.sql})`)} UNION ALL ${newest} WHERE id IN (${supersededIn(base, superseded)})`,
    corrections,
  };
}

/** The imports after those of `base`, up to the number `correctedBy`, that revise or withdraw rows. */
const correctionsAfter = (
  { imports }: IncidentStore,
  { base, correctedBy = 0 }: { base: IncidentView; correctedBy: number | undefined },
): ImportRecord[] => {
  const last = base.imports.at(-1)?.number;
  return last === undefined
    ? []
    : imports.filter(
        ({ number, counts }) =>
          number > last && number <= correctedBy && counts.revised + counts.withdrawn > 0,
      );
};

const supersededIn = ({ sql }: IncidentView, superseded: string): string =>
  `SELECT id FROM (${sql}) SEMI JOIN ${superseded} USING (id, "import")`;

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
