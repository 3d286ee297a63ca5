import { type Command, Option } from 'commander';
import type { DayName } from '../../calendar.ts';
import { type Scaffold, scaffolds } from '../../project/scaffold.ts';
import { parseDayName, parseParameter, parsePort } from './parse.ts';

interface QueryOptions {
  readonly asOf?: DayName;
  readonly param: { readonly [name: string]: string };
  readonly json: boolean;
  readonly sql?: string;
  readonly dataset?: string;
}

interface NewOptions {
  readonly dataset?: string;
  readonly from?: Scaffold;
}

/** The commands for authors of briefs. */
export interface AuthorCommands {
  preview(brief: string | undefined, options: { asOf?: DayName; port: number }): Promise<void>;
  query(brief: string | undefined, query: string | undefined, options: QueryOptions): Promise<void>;
  init(folder: string): Promise<void>;
  create(brief: string, options: NewOptions): Promise<void>;
  test(briefs: readonly string[], options: { update: boolean }): Promise<void>;
}

export function authorCommandLine(program: Command, author: () => Promise<AuthorCommands>): void {
  program
    .command('preview')
    .description('show briefs in the browser while you write them; the page updates when you save a file')
    .argument('[brief]', 'name of the brief to show first')
    .option('--as-of <date>', 'last day to report on (as for generate)', parseDayName)
    .option('--port <number>', 'port to listen on; 0 picks a free one', parsePort, 8018)
    .action(async (brief: string | undefined, options: { asOf?: DayName; port: number }) =>
      (await author()).preview(brief, options),
    );
  program
    .command('query')
    .description('print the rows that a query of a brief, or any SELECT statement, returns for an edition')
    .argument('[brief]', 'name of the brief')
    .argument('[query]', 'name of a query in brief.yaml, or of a file in _shared/queries/')
    .option('--sql <statement>', 'a SELECT statement to run instead of a query of the brief')
    .option('--dataset <name>', 'for --sql without a brief: a folder in data/ (default: the only one)')
    .option('--as-of <date>', 'last day to report on (as for generate)', parseDayName)
    .addOption(
      new Option('--param <name=value>', 'a parameter value; can be repeated')
        .argParser(parseParameter)
        .default({}, 'none'),
    )
    .option('--json', 'print JSON, for programs', false)
    .action(async (brief: string | undefined, query: string | undefined, options: QueryOptions) =>
      (await author()).query(brief, query, options),
    );
  program
    .command('init')
    .description('create your own project: a small dataset, a brief on it, sitrep.yaml and package.json')
    .argument('<folder>', 'a folder that is empty or does not exist yet')
    .action(async (folder: string) => (await author()).init(folder));
  program
    .command('new')
    .description('create a working brief for you to edit')
    .argument('<brief>', 'its name: lower-case letters, digits and hyphens')
    .option('--dataset <name>', 'a folder in data/ (default: the only one)')
    .addOption(
      new Option(
        '--from <brief>',
        'what to start from: a small brief on events, what went quiet in incidents, or reports of others (default: events, or reports for a dataset with none)',
      ).choices(scaffolds),
    )
    .action(async (brief: string, options: NewOptions) => (await author()).create(brief, options));
  program
    .command('test')
    .description(
      'render the golden days of every brief, or of the named briefs, and show what differs from test/golden/',
    )
    .argument('[brief...]', 'names of briefs (default: all)')
    .option('--update', 'accept the current output as the new golden files', false)
    .action(async (briefs: string[], options: { update: boolean }) => (await author()).test(briefs, options));
}
