import { Argument, Command, Help, InvalidArgumentError, Option } from 'commander';
import { parseDayName, parseDays, parseParameter, parsePort, run } from './parse.ts';
import { operatorCommands, type ServiceCommands, serviceCommands } from './service.ts';
import { importFormats } from '../../dataset/sources.ts';
import { type MappingKey, mappingKeys } from '../../importers/table/mapping.ts';
import { type Format, formats, papers } from '../../project/brief.ts';
import { scaffolds } from '../../project/scaffold.ts';
import type { AuthorCommands } from '../author.ts';
import type { Commands } from '../commands.ts';
import type { DataCommands } from '../data.ts';
import type { ImportCommands } from '../import.ts';
import type { OperatorCommands } from '../operate.ts';
import type { ProofCommands } from '../proof.ts';

interface Groups {
  readonly main: Commands;
  readonly service: ServiceCommands;
  readonly operator: OperatorCommands;
  readonly author: AuthorCommands;
  readonly proof: ProofCommands;
  readonly imports: ImportCommands;
  readonly data: DataCommands;
}

/** Each group of actions is loaded only when one of its commands runs, because a group imports large libraries. */
export function commandLine(
  load: { readonly [group in keyof Groups]: () => Promise<Groups[group]> },
  version: string,
): Command {
  const program = new Command('sitrep')
    .description('Turns a folder of sourced events (data/) into PDF intelligence briefs (templates/).')
    .version(version)
    // Lets main set the exit status. Subcommands inherit this.
    .exitOverride()
    .configureHelp({
      // An option that is off unless it is given needs no word on that.
      optionDescription: (option) => new Help().optionDescription(option).replace(' (default: false)', ''),
    })
    .showHelpAfterError('(sitrep --help shows the commands, sitrep <command> --help their options)');

  program
    .command('generate')
    .description('generate the PDF of every brief, or of the named briefs')
    .argument('[brief...]', 'names of briefs, as shown by "sitrep list" (default: all)')
    .option(
      '--as-of <date>',
      "last day to report on: YYYY-MM-DD, yesterday or last-sunday, in the brief's time zone (default: the last day covered by the data, or today if earlier)",
      parseDayName,
    )
    .option('--out <dir>', 'folder to write to', 'output')
    .addOption(
      new Option('--format <list>', `what to write: ${formats.join(', ')} or both, separated by a comma`)
        .argParser(parseFormats)
        .default([...formats], 'both'),
    )
    .addOption(new Option('--paper <size>', "paper size (default: the brief's own)").choices(papers))
    .addOption(
      new Option('--param <name=value>', 'generate only editions with this parameter value; can be repeated')
        .argParser(parseParameter)
        .default({}, 'every edition'),
    )
    .option('--force', 'render again even if nothing has changed', false)
    .addHelpText(
      'after',
      '\nExamples:\n  sitrep generate\n  sitrep generate weekly --as-of 2026-03-01\n  sitrep generate weekly --as-of last-sunday\n  sitrep generate weekly --paper Letter --out briefs\n  sitrep generate by-region --param region=north',
    )
    .action(run(load.main, (its) => its.generate));

  program
    .command('list')
    .description('show the briefs, their schedules and when each is due next')
    .action(run(load.main, (its) => its.list));

  program
    .command('check')
    .description('report all faults in the datasets and briefs; writes no files')
    .option('--all', 'list every fault, instead of one line for each cause', false)
    .option('--mail [address]', 'send a test message instead, to the address or to SITREP_OPERATOR')
    .action(async ({ mail, all }: { mail?: string | true; all: boolean }) =>
      mail === undefined
        ? (await load.main()).check({ all })
        : (await load.service()).checkMail(mail === true ? undefined : mail),
    );

  importCommandLine(program, load.imports);
  dataCommandLine(program, load.data);
  proofCommandLine(program, load.proof);
  authorCommandLine(program, load.author);
  serviceCommands(program, load.service);
  operatorCommands(program, load.operator);
  return program;
}

function parseFormats(value: string): Format[] {
  const wanted = value.split(',').map((part) => part.trim());
  const unknown = wanted.filter((part) => !formats.some((format) => format === part));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`Write ${formats.join(' or ')}, or both separated by a comma.`);
  return formats.filter((format) => wanted.includes(format));
}

function importCommandLine(program: Command, load: () => Promise<ImportCommands>): void {
  program
    .command('import')
    .description('bring incidents into a dataset: ACLED, UCDP, STIX, MISP, or a table of your own')
    .addArgument(new Argument('<format>', 'what the files are').choices(importFormats))
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
    .option('--actors <file>', 'also write proposed rows for the table actors to this new file')
    .addHelpText(
      'after',
      '\nExamples:\n  sitrep import acled export.csv --into data/region\n  sitrep import acled newer.csv --into data/region --complete\n  sitrep import stix bundle.json --into data/threats\n  sitrep import table log.xlsx --suggest > log.yaml\n  sitrep import table log.xlsx --mapping log.yaml --into data/log',
    )
    .addHelpText(
      'after',
      () => `\nKeys of the mapping of a table:\n${mappingKeys().map(keyInHelp).join('\n')}`,
    )
    .action(run(load, (its) => its.import));
}

const keyInHelp = ({ key, type, usual, example, meaning }: MappingKey): string =>
  `  ${key.padEnd(26)} ${meaning}\n  ${''.padEnd(26)} (${type}; ${usual === 'required' ? usual : `default: ${usual}`}; such as ${example})`;

function dataCommandLine(program: Command, load: () => Promise<DataCommands>): void {
  program
    .command('refresh')
    .description('fetch and import what the sources of a dataset have (default: of every dataset)')
    .argument('[dataset]', 'a folder in data/ whose datapackage.json declares sources')
    .addHelpText('after', '\nExamples:\n  sitrep refresh\n  sitrep refresh region')
    .action(run(load, (its) => its.refresh));

  const data = program
    .command('data')
    .description('show how fresh the incidents of a dataset are, and care for them');
  data
    .command('status')
    .description('show freshness, coverage, incidents by month, reporting lag and the last imports')
    .argument('[dataset]', 'a folder in data/ (default: all)')
    .option('--json', 'print JSON', false)
    .action(run(load, (its) => its.status));
  data
    .command('compact')
    .description('rewrite the incidents of many imports into a few sorted files, which queries read faster')
    .argument('<dataset>', 'the folder of the dataset, such as data/incidents')
    .addHelpText(
      'after',
      '\nThe imports stay, so that every edition can still be verified.\n\nExample:\n  sitrep data compact data/region',
    )
    .action(run(load, (its) => its.compact));
}

function proofCommandLine(program: Command, proof: () => Promise<ProofCommands>): void {
  program
    .command('verify')
    .description(
      'generate the edition of a PDF again and report whether it is identical, or what differs and why',
    )
    .argument('<file>', 'a PDF generated by sitrep')
    .option('--out <dir>', 'folder whose ledger, if any, is searched for the SHA-256', 'output')
    .option('--json', 'print JSON, for programs', false)
    .action(run(proof, (its) => its.verify));
  program
    .command('explain')
    .description('show the rows, sources, query and template line behind a number or phrase of a PDF')
    .argument('<file>', 'a PDF generated by sitrep')
    .argument('<text>', 'the number or phrase, as printed in the PDF')
    .option('--json', 'print JSON, for programs', false)
    .action(run(proof, (its) => its.explain));
}

function authorCommandLine(program: Command, author: () => Promise<AuthorCommands>): void {
  program
    .command('preview')
    .description('show briefs in the browser while you write them; the page updates when you save a file')
    .argument('[brief]', 'name of the brief to show first')
    .option('--as-of <date>', 'last day to report on (as for generate)', parseDayName)
    .option('--port <number>', 'port to listen on; 0 picks a free one', parsePort, 8018)
    .action(run(author, (its) => its.preview));
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
    .action(run(author, (its) => its.query));
  program
    .command('init')
    .description('create your own project: a small dataset, a brief on it, sitrep.yaml and package.json')
    .argument('<folder>', 'a folder that is empty or does not exist yet')
    .action(run(author, (its) => its.init));
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
    .action(run(author, (its) => its.create));
  program
    .command('test')
    .description(
      'render the golden days of every brief, or of the named briefs, and show what differs from test/golden/',
    )
    .argument('[brief...]', 'names of briefs (default: all)')
    .option('--update', 'accept the current output as the new golden files', false)
    .action(run(author, (its) => its.test));
}
