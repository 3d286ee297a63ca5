import { Command, Help, InvalidArgumentError, Option } from 'commander';
import type { DayName } from '../../calendar.ts';
import { type Format, formats, type Paper, papers } from '../../project/brief.ts';
import { type DataCommands, dataCommandLine } from './data.ts';
import { type ImportCommands, importCommandLine } from './import.ts';
import type { OperatorCommands } from '../operate.ts';
import { parseDayName, parseParameter } from './parse.ts';
import { authorCommandLine, type AuthorCommands } from './author.ts';
import { proofCommandLine, type ProofCommands } from './proof.ts';
import { operatorCommands, type ServiceCommands, serviceCommands } from './service.ts';

interface GenerateOptions {
  readonly asOf?: DayName;
  readonly out: string;
  readonly format: readonly Format[];
  readonly paper?: Paper;
  readonly param: { readonly [name: string]: string };
  readonly force: boolean;
}

/** The actions of the main commands; the program itself only parses arguments. */
export interface Commands {
  generate(briefs: readonly string[], options: GenerateOptions): Promise<void>;
  list(): Promise<void>;
  check(options: { readonly all: boolean }): Promise<void>;
}

/** Each group of actions is loaded only when one of its commands runs, because a group imports large libraries. */
export function commandLine(
  commands: () => Promise<Commands>,
  {
    version,
    service,
    operator,
    author,
    proof,
    imports,
    data,
  }: {
    version: string;
    service: () => Promise<ServiceCommands>;
    operator: () => Promise<OperatorCommands>;
    author: () => Promise<AuthorCommands>;
    proof: () => Promise<ProofCommands>;
    imports: () => Promise<ImportCommands>;
    data: () => Promise<DataCommands>;
  },
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
    .action(async (briefs: string[], options: GenerateOptions) =>
      (await commands()).generate(briefs, options),
    );

  program
    .command('list')
    .description('show the briefs, their schedules and when each is due next')
    .action(async () => (await commands()).list());

  program
    .command('check')
    .description('report all faults in the datasets and briefs; writes no files')
    .option('--all', 'list every fault, instead of one line for each cause', false)
    .option('--mail [address]', 'send a test message instead, to the address or to SITREP_OPERATOR')
    .action(async ({ mail, all }: { mail?: string | true; all: boolean }) =>
      mail === undefined
        ? (await commands()).check({ all })
        : (await service()).checkMail(mail === true ? undefined : mail),
    );

  importCommandLine(program, imports);
  dataCommandLine(program, data);
  proofCommandLine(program, proof);
  authorCommandLine(program, author);
  serviceCommands(program, service);
  operatorCommands(program, operator);
  return program;
}

function parseFormats(value: string): Format[] {
  const wanted = value.split(',').map((part) => part.trim());
  const unknown = wanted.filter((part) => !formats.some((format) => format === part));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`Write ${formats.join(' or ')}, or both separated by a comma.`);
  return formats.filter((format) => wanted.includes(format));
}
