import type { Command } from 'commander';

/** The names of datasets may have `data/` in front. */
export interface DataCommands {
  refresh(dataset: string | undefined): Promise<void>;
  status(dataset: string | undefined, options: { readonly json: boolean }): Promise<void>;
  compact(dataset: string): Promise<void>;
}

export function dataCommandLine(program: Command, load: () => Promise<DataCommands>): void {
  program
    .command('refresh')
    .description('fetch and import what the sources of a dataset have (default: of every dataset)')
    .argument('[dataset]', 'a folder in data/ whose datapackage.json declares sources')
    .addHelpText('after', '\nExamples:\n  sitrep refresh\n  sitrep refresh region')
    .action(async (dataset: string | undefined) => (await load()).refresh(dataset));

  const data = program
    .command('data')
    .description('show how fresh the incidents of a dataset are, and care for them');
  data
    .command('status')
    .description('show freshness, coverage, incidents by month, reporting lag and the last imports')
    .argument('[dataset]', 'a folder in data/ (default: all)')
    .option('--json', 'print JSON', false)
    .action(async (dataset: string | undefined, options: { json: boolean }) =>
      (await load()).status(dataset, options),
    );
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
