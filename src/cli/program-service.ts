import { type Command, Option } from 'commander';
import type { Day } from '../calendar.ts';
import { type Marking, markings } from '../dataset/fields.ts';
import { deliveryStates, editionStates } from '../ledger/edition.ts';
import { type Power, powers } from '../ledger/principal.ts';
import type { Role } from '../scheduler/worker.ts';
import type { Where } from './context.ts';
import type { OperatorCommands } from './operate.ts';
import { parseCount, parseDay, parseHash, parsePerson, parseTokenName } from './parse.ts';

/** The commands that run the service, apart from the operator's. */
export interface ServiceCommands {
  start(options: { out: string; roles: readonly Role[] }): Promise<void>;
  /** With `print`, the link is printed and no browser is opened. */
  open(options: { out: string; print: boolean }): Promise<void>;
  migrate(): Promise<void>;
  restore(options: { out: string }): Promise<void>;
  checkMail(address: string | undefined): Promise<void>;
}

const outOption = () =>
  new Option('--out <dir>', 'folder with the editions and their ledger').default('output');

export function serviceCommands(program: Command, service: () => Promise<ServiceCommands>): void {
  program
    .command('start')
    .description('make and deliver every brief when it is due, until stopped; needs no server')
    .addOption(outOption())
    .action(async ({ out }: { out: string }) =>
      (await service()).start({ out, roles: ['scheduler', 'worker', 'server'] }),
    );
  program
    .command('scheduler')
    .description('only find what is due (with DATABASE_URL; run as many as you like)')
    .addOption(outOption())
    .action(async ({ out }: { out: string }) => (await service()).start({ out, roles: ['scheduler'] }));
  program
    .command('worker')
    .description('only make and deliver what is due (with DATABASE_URL; run as many as you like)')
    .addOption(outOption())
    .action(async ({ out }: { out: string }) => (await service()).start({ out, roles: ['worker'] }));
  program
    .command('serve')
    .description('only serve the API and the pages (with DATABASE_URL; run as many as you like)')
    .addOption(outOption())
    .action(async ({ out }: { out: string }) => (await service()).start({ out, roles: ['server'] }));
  program
    .command('open')
    .description('log in to the pages of a running "start" in a browser, by a link that works once')
    .addOption(outOption())
    .option('--print', 'print the link, and open no browser', false)
    .action(async (options: { out: string; print: boolean }) => (await service()).open(options));
  program
    .command('migrate')
    .description('bring the tables in the database of DATABASE_URL up to date')
    .action(async () => (await service()).migrate());
  program
    .command('restore')
    .description('put the last snapshot of the embedded ledger in its place')
    .addOption(outOption())
    .action(async (options: { out: string }) => (await service()).restore(options));
}

export function operatorCommands(program: Command, operator: () => Promise<OperatorCommands>): void {
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .addOption(outOption())
      .option('--json', 'for programs', false);
  const listed = (name: string, description: string, states: readonly string[]) =>
    command(name, description)
      .option('--brief <name>', 'of this brief only')
      .option('--edition <id>', 'of this edition only, such as weekly/2021-08-22')
      .addOption(new Option('--state <state>', 'in this state only').choices(states))
      .option('--limit <count>', 'at most so many', parseCount, 100);
  type Listed = {
    brief?: string;
    edition?: string;
    state?: string;
    limit: number;
    out: string;
    json: boolean;
  };

  listed('runs', 'show the editions, what became of each, and why', editionStates).action(
    async ({ out, json, ...filter }: Listed) => (await operator()).runs(filter, { out, json }),
  );
  listed('deliveries', 'show who got what, and what failed', deliveryStates).action(
    async ({ out, json, ...filter }: Listed) => (await operator()).deliveries(filter, { out, json }),
  );
  const changes = [
    ['retry', 'make an edition again that was not made, or send again what of it failed'],
    ['hold', 'keep an edition from being made, or its deliveries from going out'],
    ['release', 'let go on what is held'],
    ['cancel', 'end an edition that is not made, or deliveries that are not out'],
  ] as const;
  for (const [name, description] of changes) {
    command(name, description)
      .argument('<id>', 'an edition, such as weekly/2021-08-22, or the first letters of a delivery')
      .action(async (id: string, where: { out: string; json: boolean }) =>
        (await operator()).change(name, id, where),
      );
  }
  command('resend', 'send an edition again to one of its targets')
    .argument('<id>', 'an edition, such as weekly/2021-08-22')
    .requiredOption('--to <address>', 'the target: address, webhook or folder, as in brief.yaml')
    .action(async (id: string, { to, ...where }: { to: string; out: string; json: boolean }) =>
      (await operator()).resend(id, to, where),
    );
  for (const [name, description] of [
    ['approve', 'let out an edition of a brief with "approval: true", as it is now'],
    ['disapprove', 'take an approval back, for what is not out yet'],
  ] as const) {
    command(name, description)
      .argument('<id...>', 'editions, such as weekly/2021-08-22')
      .option('--as <name>', 'who decides (default: the user of the system)', parsePerson)
      .addOption(
        new Option('--sha256 <hash>', 'of the PDF that was looked at: another is refused').argParser(
          parseHash,
        ),
      )
      .action(async (ids: string[], { as, sha256, ...where }: { as?: string; sha256?: string } & Where) =>
        (await operator()).decide(name, { ids, as, sha256 }, where),
      );
  }
  command('reissue', 'correct an edition that was delivered: the next revision, to those who received it')
    .argument('[id]', 'an edition, such as weekly/2021-08-22')
    .option(
      '--as-of <date>',
      'take in what was revised or withdrawn by this day (default: as for generate)',
      parseDay,
    )
    .option('--list', 'show instead what was delivered and rests on rows revised or withdrawn since', false)
    .action(async (id: string | undefined, options: { asOf?: Day; list: boolean } & Where) =>
      (await operator()).reissue(id, options),
    );
  command('backfill', 'make the editions of past slots that are not there, oldest first')
    .argument('<brief>', 'name of the brief')
    .requiredOption('--from <date>', 'first day that an edition may report through', parseDay)
    .requiredOption('--to <date>', 'last day that an edition may report through', parseDay)
    .option('--deliver', 'also by mail and webhook; without it to folders alone', false)
    .action(
      async (brief: string, options: { from: Day; to: Day; deliver: boolean; out: string; json: boolean }) =>
        (await operator()).backfill(brief, options),
    );
  command('prune', 'remove what was settled long ago: editions with their files, or addresses')
    .option('--editions <days>', 'remove editions settled more than so many days ago', parseCount)
    .option(
      '--addresses <days>',
      'forget addresses of deliveries settled more than so many days ago',
      parseCount,
    )
    .action(async (options: { editions?: number; addresses?: number; out: string; json: boolean }) =>
      (await operator()).prune(options),
    );
  command('audit', 'show who changed what and when')
    .option('--edition <id>', 'to this edition only, such as weekly/2021-08-22')
    .option('--who <name>', 'by this token only, "command line" or "this machine"')
    .option('--limit <count>', 'at most so many', parseCount, 100)
    .action(async ({ out, json, ...filter }: Where & { edition?: string; who?: string; limit: number }) =>
      (await operator()).audit(filter, { out, json }),
    );
  tokenCommands(program, operator);
  program
    .command('next')
    .description('show the coming slots of all briefs, in local time and in UTC')
    .option('--count <count>', 'so many of each brief', parseCount, 3)
    .option('--json', 'for programs', false)
    .action(async ({ count, json }: { count: number; json: boolean }) =>
      (await operator()).next(count, json),
    );
}

function tokenCommands(program: Command, operator: () => Promise<OperatorCommands>): void {
  const token = program.command('token').description('who is let in over HTTP, and to do what');
  const command = (name: string, description: string) =>
    token
      .command(name)
      .description(description)
      .addOption(outOption())
      .option('--json', 'for programs', false);
  command('add', 'make a token and show it this once')
    .argument('<name>', 'of the person or program, for the record', parseTokenName)
    .addOption(
      new Option('--may <what>', 'look only, or also change things').choices(powers).makeOptionMandatory(),
    )
    .addOption(
      new Option('--clearance <marking>', 'up to which marking editions are shown')
        .choices(markings)
        .makeOptionMandatory(),
    )
    .action(async (name: string, { may, clearance, ...where }: Where & { may: Power; clearance: Marking }) =>
      (await operator()).addToken(name, { may, clearance }, where),
    );
  command('list', 'show the tokens, but not what they are').action(async (where: Where) =>
    (await operator()).tokens(where),
  );
  command('revoke', 'let a token open nothing any more, at once')
    .argument('<name>', 'as "sitrep token list" shows it')
    .action(async (name: string, where: Where) => (await operator()).revokeToken(name, where));
}
