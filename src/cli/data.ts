import { compact, type CompactContext } from '../importers/compact.ts';
import { progressLine } from './import.ts';
import type { DataCommands } from './program/data.ts';

/** Effects for the commands. */
export interface DataWorld extends Pick<CompactContext, 'version' | 'cacheFolder' | 'signal'> {
  /** Replaces the line of progress on the terminal, if there is one; empty text removes it. */
  progress?(line: string): void;
  print(line: string): void;
}

export function dataCommands(world: DataWorld): DataCommands {
  return {
    async compact(dataset) {
      const onStep: CompactContext['onStep'] = (step, share) => world.progress?.(progressLine(step, share));
      const { record, bytes } = await compact(dataset, { ...world, onStep }).finally(() =>
        world.progress?.(''),
      );
      if (record === null) {
        world.print(`${dataset}: no import since the last compaction, and nothing was written.`);
        return;
      }
      const { up_to: upTo, rows, files } = record;
      world.print(`${dataset}: compacted up to import ${upTo}.`);
      world.print(
        `  ${rows.toLocaleString('en-GB')} rows in ${files.length === 1 ? '1 file' : `${files.length} files`}. Queries read ${size(bytes.after)} instead of ${size(bytes.before)}.`,
      );
      world.print(`  The imports stay as they were: ${size(bytes.imports)}.`);
    },
  };
}

const size = (bytes: number): string =>
  `${(bytes / 1e6).toLocaleString('en-GB', { maximumFractionDigits: 1, minimumFractionDigits: 1 })} MB`;
