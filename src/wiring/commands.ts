import { join } from 'node:path';
import { askForLink, ledgerFolder, ledgerOptions } from './ledger-client.ts';
import type { Parts } from './parts.ts';
import { greeting } from '../cli/greeting.ts';
import type { ServiceCommands } from '../cli/program/service.ts';
import { targetFaults } from '../delivery/settings.ts';
import { AppError, describeFault, distinct } from '../errors.ts';
import { sweepScratch } from '../pdf/browser/scratch.ts';
import { type Catalogue, readableBriefs } from '../project/load.ts';

export function serviceOf(world: {
  readParts(logLevel: string): Promise<Parts>;
  /** Whether the output goes to a terminal rather than to a file or journal. */
  isTerminal: boolean;
  /** Whether a browser can show a window. */
  hasDisplay: boolean;
  catalogue: Pick<Catalogue, 'briefIds' | 'loadBrief'>;
  /** Notices on environment variables that look like settings but are not. */
  misspelt(): string[];
  print(line: string): void;
}): ServiceCommands {
  return {
    async start({ out, roles }) {
      const { runService } = await import('./serve.ts');
      const own = await world.readParts('info');
      const [only = 'worker', ...others] = roles;
      if (own.databaseUrl === undefined && others.length === 0)
        throw needsDatabase(only === 'server' ? 'serve' : only);
      const { briefs, errors } = await readableBriefs(world.catalogue);
      const notices = [
        ...world.misspelt(),
        ...distinct(errors).map((fault) => `Not made until this is fixed: ${describeFault(fault)}`),
        ...briefs
          .flatMap((brief) =>
            targetFaults(
              { file: brief.definition.file, marking: brief.config.marking, deliver: brief.config.deliver },
              own.delivery,
            ),
          )
          .map((fault) => `Not sent until this is fixed: ${describeFault(fault)}`),
      ];
      await sweepScratch(join(own.cacheFolder, 'profiles'));
      await runService({
        out,
        roles,
        parts: own,
        onReady: ({ port, newLink }) => {
          // A link in a journal would give access to everyone who can read the journal.
          const link = world.isTerminal && newLink ? newLink() : null;
          const isServer = own.databaseUrl !== undefined;
          const state = { now: new Date(), port, roles, settings: own.delivery, notices, link, isServer };
          for (const line of greeting(briefs, state)) world.print(line);
        },
      });
    },
    async open({ out, print: isPrinted }) {
      const link = await askForLink(out, await world.readParts('error'));
      const { openInBrowser } = await import('../pdf/browser/print.ts');
      const isOpened = !isPrinted && world.hasDisplay && (await openInBrowser(link, ledgerFolder(out)));
      world.print(isOpened ? 'The pages open in the browser. If not: npx sitrep open --print' : link);
    },
    async migrate() {
      const own = await world.readParts('error');
      const { databaseUrl } = own;
      if (databaseUrl === undefined) throw needsDatabase('migrate');
      const { migrateServer } = await import('../ledger/open.ts');
      await migrateServer(databaseUrl, ledgerOptions(own));
      world.print('The tables are up to date.');
    },
    async restore({ out }) {
      const { restoreSnapshot } = await import('../ledger/embedded/folder.ts');
      const remains = await restoreSnapshot(ledgerFolder(out));
      world.print(
        `The last snapshot is in place.${remains === null ? '' : ` What was there before is kept in ${remains}.`}`,
      );
    },
    async checkMail(address) {
      for (const line of world.misspelt()) world.print(line);
      const { delivery: settings, stop, locale } = await world.readParts('error');
      const to = address ?? settings.operator;
      if (to === null)
        throw invalid(
          'There is nobody to write to.',
          'Give an address after --mail, or set SITREP_OPERATOR.',
        );
      const { openDelivery } = await import('../delivery/channels.ts');
      await using delivery = openDelivery({ settings, foldersRoot: '', now: () => new Date(), locale });
      const receipt = await delivery.testMail({
        address: to,
        signal: AbortSignal.any([stop, AbortSignal.timeout(60_000)]),
      });
      if (receipt.outcome !== 'sent')
        throw invalid(
          `The test message was not sent (${receipt.outcome}): ${receipt.reason}`,
          'See docs/operating.md, "Delivery".',
        );
      world.print(`The test message was accepted: ${receipt.reason}`);
    },
  };
}

const invalid = (problem: string, hint: string): AppError =>
  new AppError('settings-invalid', { problem, hint });

const needsDatabase = (command: string): AppError =>
  invalid(
    `"sitrep ${command}" needs a PostgreSQL server.`,
    'Set DATABASE_URL, or use "sitrep start", which needs no server.',
  );
