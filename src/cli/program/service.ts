import { type Command, Option } from 'commander';
import { run, parseCount, parseDay, parseHash, parsePerson, parseTokenName } from './parse.ts';
import { markings } from '../../dataset/fields.ts';
import { powers } from '../../ledger/principal.ts';
import { deliveryStates, editionStates } from '../../ledger/records.ts';
import type { Role } from '../../scheduler/worker.ts';
import type { OperatorCommands } from '../operate.ts';

/** The commands that run the service, apart from the operator's. */
export interface ServiceCommands {
  readonly start: (options: { out: string; roles: readonly Role[] }) => Promise<void>;
  /** With `print`, the link is printed and no browser is opened. */
  readonly open: (options: { out: string; print: boolean }) => Promise<void>;
  readonly migrate: () => Promise<void>;
  readonly restore: (options: { out: string }) => Promise<void>;
  readonly checkMail: (address: string | undefined) => Promise<void>;
}

const outOption = () =>
  new Option('--out <dir>', 'folder with the editions and their ledger').default('output');

const onLedger = (parent: Command) => (name: string, description: string) =>
  parent
    .command(name)
    .description(description)
    .addOption(outOption())
    .option('--json', 'print JSON, for programs', false);

export function serviceCommands(program: Command, service: () => Promise<ServiceCommands>): void {
  const runs = [
    [
      'start',
      'generate and deliver every brief when it is due, until stopped; needs no server',
      ['scheduler', 'worker', 'server'],
    ],
    ['scheduler', 'only schedule what is due (needs DATABASE_URL; you can run several)', ['scheduler']],
    ['worker', 'only generate and deliver what is due (needs DATABASE_URL; you can run several)', ['worker']],
    ['serve', 'only serve the API and the web pages (needs DATABASE_URL; you can run several)', ['server']],
  ] as const;
  for (const [name, description, roles] of runs)
    program
      .command(name)
      .description(description)
      .addOption(outOption())
      .action(async ({ out }: { out: string }) => (await service()).start({ out, roles }));
  program
    .command('open')
    .description('open the web pages of a running "start", logged in by a link that works once')
    .addOption(outOption())
    .option('--print', 'print the link instead of opening a browser', false)
    .action(run(service, (its) => its.open));
  program
    .command('migrate')
    .description('bring the tables of the database in DATABASE_URL up to date')
    .action(run(service, (its) => its.migrate));
  program
    .command('restore')
    .description('replace a damaged embedded ledger with its last snapshot')
    .addOption(outOption())
    .action(run(service, (its) => its.restore));
}

export function operatorCommands(program: Command, operator: () => Promise<OperatorCommands>): void {
  const command = onLedger(program);
  const listed = (name: string, description: string, states: readonly string[]) =>
    command(name, description)
      .option('--brief <name>', 'only this brief')
      .option('--edition <id>', 'only this edition, such as weekly/2021-08-22')
      .addOption(new Option('--state <state>', 'only those in this state').choices(states))
      .option('--limit <count>', 'how many to show at most', parseCount, 100);
  listed('runs', 'show what happened to each edition, and why', editionStates).action(
    run(operator, (its) => its.runs),
  );
  listed('deliveries', 'show who received what, and what failed', deliveryStates).action(
    run(operator, (its) => its.deliveries),
  );
  const changes = [
    ['retry', 'generate an edition again, or resend its failed deliveries'],
    ['hold', 'put an edition or its deliveries on hold'],
    ['release', 'continue what is on hold'],
    ['cancel', 'cancel an edition that is not generated yet, or deliveries that are not sent yet'],
  ] as const;
  for (const [name, description] of changes) {
    command(name, description)
      .argument('<id>', 'an edition, such as weekly/2021-08-22, or the first characters of a delivery id')
      .action(run(operator, (its) => its.change(name)));
  }
  command('resend', 'send an edition again to one of its targets')
    .argument('<id>', 'an edition, such as weekly/2021-08-22')
    .requiredOption('--to <address>', 'a target in brief.yaml: its address, webhook or folder')
    .action(run(operator, (its) => its.resend));
  for (const [name, description] of [
    ['approve', 'release the current PDF of an edition whose brief has "approval: true"'],
    ['disapprove', 'withdraw an approval for deliveries that are not sent yet'],
  ] as const) {
    command(name, description)
      .argument('<id...>', 'editions, such as weekly/2021-08-22')
      .option('--as <name>', 'who decides (default: the system user)', parsePerson)
      .option('--sha256 <hash>', 'SHA-256 of the PDF that was reviewed; refuses any other', parseHash)
      .action(run(operator, (its) => its.decide(name)));
  }
  command('reissue', 'send a corrected revision of a delivered edition to those who received it')
    .argument('[id]', 'an edition, such as weekly/2021-08-22')
    .option(
      '--as-of <date>',
      'include revisions and withdrawals known by this day (default: as for generate)',
      parseDay,
    )
    .option('--list', 'list the delivered editions whose rows were revised or withdrawn since', false)
    .action(run(operator, (its) => its.reissue));
  command('backfill', 'generate the missing editions of past slots, oldest first')
    .argument('<brief>', 'name of the brief')
    .requiredOption('--from <date>', 'first reporting day of the editions', parseDay)
    .requiredOption('--to <date>', 'last reporting day of the editions', parseDay)
    .option('--deliver', 'also send by mail and webhook, not only to folders', false)
    .action(run(operator, (its) => its.backfill));
  command('prune', 'remove old editions with their files, or forget old addresses')
    .option(
      '--editions <days>',
      'remove editions that were finished more than this many days ago',
      parseCount,
    )
    .option(
      '--addresses <days>',
      'forget addresses of deliveries that were finished more than this many days ago',
      parseCount,
    )
    .action(run(operator, (its) => its.prune));
  command('audit', 'show who changed what and when')
    .option('--edition <id>', 'only changes to this edition, such as weekly/2021-08-22')
    .option('--who <name>', 'only changes by this token, by "command line" or by "this machine"')
    .option('--limit <count>', 'how many to show at most', parseCount, 100)
    .action(run(operator, (its) => its.audit));
  tokenCommands(program, operator);
  program
    .command('next')
    .description('show the next slots of all briefs, in local time and in UTC')
    .option('--count <count>', 'how many for each brief', parseCount, 3)
    .option('--json', 'print JSON, for programs', false)
    .action(run(operator, (its) => its.next));
}

function tokenCommands(program: Command, operator: () => Promise<OperatorCommands>): void {
  const token = program.command('token').description('manage access over HTTP');
  const command = onLedger(token);
  command('add', 'create a token and show it once')
    .argument('<name>', 'the name of the person or program, for the audit', parseTokenName)
    .addOption(new Option('--may <what>', 'only read, or also operate').choices(powers).makeOptionMandatory())
    .addOption(
      new Option('--clearance <marking>', 'the highest marking that is visible')
        .choices(markings)
        .makeOptionMandatory(),
    )
    .action(run(operator, (its) => its.addToken));
  command('list', 'list the tokens, without their values').action(run(operator, (its) => its.tokens));
  command('revoke', 'revoke a token at once')
    .argument('<name>', 'as "sitrep token list" shows it')
    .action(run(operator, (its) => its.revokeToken));
}
