import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import { onTestFinished } from 'vitest';
import { copyFolder } from './copy.ts';
import { loadTestDataset } from './dataset.ts';
import { remembered } from './effects.ts';
import { now } from './ledger-samples.ts';
import { locale, localeOf } from './locale.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import type { Dataset } from '../../src/dataset/schema.ts';
import type { DeliveryDependencies } from '../../src/delivery/deliver-edition.ts';
import type { Message, Receipt } from '../../src/delivery/message.ts';
import type { OperatorContext } from '../../src/editions/context.ts';
import { type EditionService, openEditionService } from '../../src/editions/service.ts';
import { type Caller, commandLine } from '../../src/ledger/principal.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import type { Log } from '../../src/log.ts';
import { loadMaterial } from '../../src/production/material.ts';
import {
  markDelivered,
  readEdition,
  readEditionFile,
  removeEditions,
  storeEdition,
} from '../../src/production/store.ts';
import { remember } from '../../src/project/file-cache.ts';
import { briefIds, loadBrief } from '../../src/project/load-briefs.ts';
import { pdfRules } from '../../src/rules/rules.ts';
import { type EditionDependencies, openActiveRuns } from '../../src/scheduler/make-edition.ts';
import type { RefreshDependencies } from '../../src/scheduler/run-refresh.ts';
import type { Schedules } from '../../src/scheduler/scheduler.ts';

const root = join(import.meta.dirname, '../..');
export const operator = 'operator@sitrep.example';

const material = loadMaterial();
const datasets: { [name: string]: Promise<Dataset> } = {};
/** Read once in a file of tests: rows that are the same objects are not queried or drawn again. */
const read = (name: string): Promise<Dataset> =>
  name === 'revised' ? loadTestDataset(name) : loadDataset(join(root, 'data', name), `data/${name}`);

/** Told to a log, with its level. */
type Told = readonly [level: keyof Log, fields: object, message: string];

/** Everything that the service works with: real templates and data, real files; no browser and no far end of mail. */
export interface House {
  readonly forEditions: EditionDependencies;
  readonly forDelivery: DeliveryDependencies & Pick<Schedules, 'refreshesFirst'>;
  readonly refresh: RefreshDependencies['refresh'];
  readonly context: OperatorContext;
  readonly templates: string;
  readonly out: string;
  /** What was handed over to be delivered. */
  readonly messages: Message[];
  readonly told: Told[];
  /** Alerts that were not accepted, and went another way. */
  readonly otherwise: { readonly title: string; readonly reason: string; readonly isFirstTry: boolean }[];
  answerOtherwise: Receipt | null;
  /** Of the last alert that went another way. */
  otherwiseSignal: AbortSignal | undefined;
  /** The clock on the wall. */
  time: Date;
  /** What the far end answers. */
  answer: (message: Message, signal: AbortSignal) => Promise<Receipt> | Receipt;
  print: (signal: AbortSignal) => Promise<Uint8Array>;
}

/** `briefs` changes the text of the `brief.yaml` of some. */
export async function openHouse(
  ledger: Ledger,
  briefs: { readonly [id: string]: (yaml: string) => string } = {},
): Promise<House> {
  const folder = await houseFolder();
  const [templates, out] = [join(folder, 'templates'), join(folder, 'output')];
  copyFolder(join(root, 'templates'), templates);
  // Briefs that a test puts on the dataset "revised" find there what they share.
  copyFolder(join(templates, '_afghanistan-2021'), join(templates, '_revised'));
  for (const id of await briefIds(templates)) {
    const file = join(templates, id, 'brief.yaml');
    const plain = standIn((await readFile(file, 'utf8')).replace(/^deliver:\n(?:  .*\n)+/m, ''));
    await writeFile(file, briefs[id]?.(plain) ?? plain);
  }
  const told: Told[] = [];
  const log: Log = {
    info: (fields, message) => void told.push(['info', fields, message]),
    warn: (fields, message) => void told.push(['warn', fields, message]),
    error: (fields, message) => void told.push(['error', fields, message]),
  };
  const common = { ledger, log, locale, operator, now: () => house.time, random: () => 1 };
  const catalogue = {
    briefIds: () => briefIds(templates),
    loadBrief: remember(
      (id) => loadBrief(templates, id),
      () => [templates],
    ),
    loadDataset: async (name: string) => (datasets[name] ??= read(name)),
  };
  const house: House = {
    templates,
    out,
    messages: [],
    otherwise: [],
    answerOtherwise: null,
    otherwiseSignal: undefined,
    told,
    time: now,
    answer: () => ({ outcome: 'sent', reason: '250' }),
    print: smallPdf,
    context: {
      ...common,
      ...catalogue,
      openQueries: remembered.openQueries,
      readPdf: readEditionFile,
      removeEditions,
      tidyEditions: () => Promise.resolve(),
      readManifest: readEdition,
      mostQueued: 200,
    },
    forEditions: {
      ...common,
      ...catalogue,
      loadMaterial: () => material,
      effects: {
        ...remembered,
        startPrinting: () => {},
        print: (_, { signal, onBegun }) => {
          onBegun?.();
          return house.print(signal);
        },
        browser: () => Promise.resolve({ name: 'Test', version: '1' }),
      },
      store: { read: readEdition, write: storeEdition },
      engine: 'test',
      activeRuns: openActiveRuns(),
      out,
      elapsedMs: () => performance.now(),
    },
    refresh: () => Promise.resolve([]),
    forDelivery: {
      ...common,
      refreshesFirst: () => Promise.resolve(false),
      deliver: async (message, { signal }) => {
        house.messages.push(message);
        return house.answer(message, signal);
      },
      readEditionFile,
      localeFor: localeOf,
      markDelivered,
      timeoutMs: 60_000,
      alertEverySeconds: 900,
      alertOtherwise: (message, { reason, isFirstTry, signal }) => {
        house.otherwiseSignal = signal;
        house.otherwise.push({ title: message.title, reason, isFirstTry });
        return Promise.resolve(house.answerOtherwise);
      },
      retry: { forSeconds: 5 * 86_400, firstSeconds: 300, longestSeconds: 4 * 3600 },
      urlOf: (edition) => `https://sitrep.example/${edition}`,
    },
  };
  return house;
}

/** The same folder for a test as for the one before, because a template at the same place is compiled once. */
async function houseFolder(): Promise<string> {
  const folder = join(tmpdir(), `sitrep-house-${process.pid}-${houses++}`);
  await rm(folder, { recursive: true, force: true });
  onTestFinished(async () => {
    houses--;
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}
let houses = 0;

/** The edition service, as the command line of the user "sitrep" calls it. */
export function commandsOn(context: OperatorContext) {
  const service = openEditionService(context);
  type Rest<F> = F extends (caller: Caller, ...rest: infer R) => unknown ? R : never;
  const me = commandLine('sitrep');
  return {
    edition: (...given: Rest<EditionService['edition']>) => service.edition(me, ...given),
    editions: (...given: Rest<EditionService['editions']>) => service.editions(me, ...given),
    deliveries: (...given: Rest<EditionService['deliveries']>) => service.deliveries(me, ...given),
    request: (...given: Rest<EditionService['request']>) => service.request(me, ...given),
    change: (...given: Rest<EditionService['change']>) => service.change(me, ...given),
    decide: (...given: Rest<EditionService['decide']>) => service.decide(me, ...given),
    resend: async (...given: Rest<EditionService['resend']>) => (await service.resend(me, ...given)).id,
    backfill: (...given: Rest<EditionService['backfill']>) => service.backfill(me, ...given),
    prune: (...given: Rest<EditionService['prune']>) => service.prune(me, ...given),
    reissue: (id: string, asOf?: string) => service.reissue(me, id, asOf),
    correctable: (asOf?: string) => service.correctable(me, asOf),
    addToken: (...given: Rest<EditionService['addToken']>) => service.addToken(me, ...given),
    revokeToken: (...given: Rest<EditionService['revokeToken']>) => service.revokeToken(me, ...given),
  };
}
export type Commands = ReturnType<typeof commandsOn>;

/** What stands in for the browser: a page that a reader opens. */
export async function smallPdf(): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage().drawText('Sitrep');
  return document.save({ useObjectStreams: false });
}

/** What is printed stands in for the page, and is not held to what the page says. */
export const standIn = (yaml: string): string => {
  const rules = pdfRules
    .filter(({ id }) => id !== 'pdf-limits')
    .map(({ id }) => `  - { rule: ${id}, reason: a page stands in for the browser }\n`);
  return `${yaml}waive:\n${rules.join('')}`;
};

/** Gives a brief targets. */
export const deliverTo =
  (...targets: readonly string[]) =>
  (yaml: string): string =>
    `${yaml}deliver:\n${targets.map((target) => `  - ${target}\n`).join('')}`;

/** Gives a brief another schedule, each Monday morning still. */
export const scheduled =
  (more: string) =>
  (yaml: string): string => {
    const to = `schedule: { cron: '0 6 * * MON', timezone: Europe/London, ${more} }`;
    if (!/^schedule: .*$/m.test(yaml)) throw new Error('The brief has no schedule.');
    return yaml.replace(/^schedule: .*$/m, to);
  };

/** The one error that `work` ends with, as its code and faults. */
export const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (answer) => ({ answered: answer }),
    (error: unknown) => error,
  );
