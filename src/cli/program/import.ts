import { type Command, InvalidArgumentError, Option } from 'commander';

const formats = ['acled', 'ucdp', 'stix', 'misp', 'table'] as const;
export type FormatName = (typeof formats)[number];

interface ImportOptions {
  readonly into?: string;
  readonly mapping?: string;
  readonly complete: boolean;
  readonly lag?: number;
  readonly actors?: string;
  readonly suggest: boolean;
}

export interface ImportCommands {
  import(format: FormatName, files: readonly string[], options: ImportOptions): Promise<void>;
}

export function importCommandLine(program: Command, load: () => Promise<ImportCommands>): void {
  program
    .command('import')
    .description('bring incidents into a dataset: ACLED, UCDP, STIX, MISP, or a table of your own')
    .argument('<format>', `what the files are: ${formats.join(', ')}`, parseFormat)
    .argument(
      '<file...>',
      'CSV; JSON for stix and misp; for a table also TSV, Excel (.xlsx), JSON lines or Parquet',
    )
    .option('--into <folder>', 'the dataset, such as data/incidents; a new one is created')
    .option(
      '--complete',
      'the files contain every incident of their period and countries: withdraw those that are no longer there',
      false,
    )
    .option('--lag <days>', 'days until an incident is published (default: that of the format)', parseDays)
    .option('--mapping <file>', 'what the columns of a table mean (YAML)')
    .option('--suggest', 'only print a first mapping for a table', false)
    .addOption(
      new Option('--actors <file>', 'also write proposed rows for the table actors to this new file'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  sitrep import acled export.csv --into data/region\n  sitrep import acled newer.csv --into data/region --complete\n  sitrep import stix bundle.json --into data/threats\n  sitrep import table log.xlsx --suggest > log.yaml\n  sitrep import table log.xlsx --mapping log.yaml --into data/log',
    )
    .action(async (format: FormatName, files: string[], options: ImportOptions) =>
      (await load()).import(format, files, options),
    );
}

function parseFormat(value: string): FormatName {
  const format = formats.find((name) => name === value);
  if (format === undefined) throw new InvalidArgumentError(`Write ${formats.join(', ')}.`);
  return format;
}

function parseDays(value: string): number {
  if (!/^\d{1,4}$/.test(value)) throw new InvalidArgumentError('Write a number of days, such as 7.');
  return Number(value);
}
