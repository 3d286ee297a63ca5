import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { today } from '../calendar.ts';
import { parsePackage } from '../dataset/reading/package.ts';
import { AppError, describeFault } from '../errors.ts';
import type { SourceCheck } from '../ledger/records.ts';
import type { RefreshContext } from '../refresh/refresh.ts';
import type { RefreshDependencies } from '../scheduler/run-refresh.ts';
import type { Schedules } from '../scheduler/scheduler.ts';

/** What the service needs to refresh the datasets of the project in the working folder, or in `project`. */
export function openRefresh(
  given: Pick<RefreshContext, 'version' | 'cacheFolder' | 'variables' | 'isAllowed' | 'ca'>,
  project = '.',
): Pick<RefreshDependencies, 'refresh'> & Pick<Schedules, 'refreshesFirst'> {
  const folderOf = (dataset: string): string => posix.join(project, 'data', dataset);
  return {
    async refreshesFirst(dataset) {
      const text = await readFile(join(folderOf(dataset), 'datapackage.json'), 'utf8');
      return parsePackage(JSON.parse(text)).declared.refresh?.before === 'slots';
    },
    async refresh(dataset, { now, signal }) {
      const { refreshDataset, sourcesOf } = await import('../refresh/refresh.ts');
      const folder = folderOf(dataset);
      try {
        const outcomes = await refreshDataset(folder, { ...given, knownOn: today(now, 'UTC'), signal });
        return outcomes.map(({ source, outcome, faults = [], retryAfterSeconds }): SourceCheck => {
          const failure = outcome === 'failed' ? faults.map(describeFault).join('\n') : null;
          return { source, failure, retryAfterSeconds };
        });
      } catch (error) {
        // What stopped the refresh as a whole, such as its time limit, is the failure of each source.
        const failure =
          error instanceof AppError ? error.faults.map(describeFault).join('\n') : String(error);
        return (await sourcesOf(folder, folder)).map(({ name }) => ({ source: name, failure }));
      }
    },
  };
}
