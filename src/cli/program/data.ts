import type { Command } from 'commander';

export interface DataCommands {
  compact(dataset: string): Promise<void>;
}

export function dataCommandLine(program: Command, load: () => Promise<DataCommands>): void {
  const data = program.command('data').description('care for the incidents of a dataset');
  data
    .command('compact')
    .description('rewrite the incidents of many imports into a few sorted files, which queries read faster')
    .argument('<dataset>', 'the folder of the dataset, such as data/incidents')
    .addHelpText(
      'after',
      '\nThe imports stay, so that every edition can still be verified.\n\nExample:\n  sitrep data compact data/region',
    )
    .action(async (dataset: string) => (await load()).compact(dataset));
}
