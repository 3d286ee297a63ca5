import type { Command } from 'commander';
import type { DayName } from '../calendar.ts';
import { parseDayName, parseParameter, parsePort } from './parse.ts';

interface QueryOptions {
  readonly asOf?: DayName;
  readonly param: { readonly [name: string]: string };
  readonly json: boolean;
  readonly sql?: string;
  readonly dataset?: string;
}

/** The commands for authors of briefs. */
export interface AuthorCommands {
  preview(brief: string | undefined, options: { asOf?: DayName; port: number }): Promise<void>;
  query(brief: string | undefined, query: string | undefined, options: QueryOptions): Promise<void>;
  init(folder: string): Promise<void>;
  create(brief: string, options: { dataset?: string }): Promise<void>;
  test(briefs: readonly string[], options: { update: boolean }): Promise<void>;
}

export function authorCommandLine(program: Command, author: () => Promise<AuthorCommands>): void {
  program
    .command('preview')
    .description(
      'show briefs in a browser of this machine while they are written; a saved file is seen at once',
    )
    .argument('[brief]', 'name of the brief to begin with')
    .option('--as-of <date>', 'last day to report on (as for generate)', parseDayName)
    .option('--port <number>', 'port to listen on; 0 takes a free one', parsePort, 8018)
    .action(async (brief: string | undefined, options: { asOf?: DayName; port: number }) =>
      (await author()).preview(brief, options),
    );
  program
    .command('query')
    .description(
      'print the rows that an edition gets from a query of its brief, or from any SELECT statement',
    )
    .argument('[brief]', 'name of the brief')
    .argument('[query]', 'name of the query: in brief.yaml, or of a file in _shared/queries/')
    .option('--sql <statement>', 'a SELECT statement to run instead of a query of the brief')
    .option('--dataset <name>', 'for --sql without a brief: a folder in data/ (default: the only one)')
    .option('--as-of <date>', 'last day to report on (as for generate)', parseDayName)
    .option(
      '--param <name=value>',
      'a value of a parameter; repeat it for more parameters',
      parseParameter,
      {},
    )
    .option('--json', 'for programs', false)
    .action(async (brief: string | undefined, query: string | undefined, options: QueryOptions) =>
      (await author()).query(brief, query, options),
    );
  program
    .command('init')
    .description('make a project of your own: a small dataset, a brief on it, and a package.json')
    .argument('<folder>', 'a folder that is empty or does not exist yet')
    .action(async (folder: string) => (await author()).init(folder));
  program
    .command('new')
    .description('make a brief that works, to change into your own')
    .argument('<brief>', 'its name: small letters, digits and hyphens')
    .option('--dataset <name>', 'a folder in data/ (default: the one there is)')
    .action(async (brief: string, options: { dataset?: string }) => (await author()).create(brief, options));
  program
    .command('test')
    .description(
      'render the golden days of each brief, or of those named, and show what differs from test/golden/',
    )
    .argument('[brief...]', 'names of briefs; all when left out')
    .option('--update', 'accept what they render to', false)
    .action(async (briefs: string[], options: { update: boolean }) => (await author()).test(briefs, options));
}
