import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { CREDENTIAL_PREFIX } from './dataset/sources.ts';
import { deliveryVariables, givenOf, parseDeliverySettings, variableFaults } from './delivery/settings.ts';
import { AppError, similarTo } from './errors.ts';

const portNumber = z.coerce.number({ error: 'is not a port' }).int('is not a port');
const noCount = 'is not a whole number from 1';
const count = z.coerce.number({ error: noCount }).int(noCount).min(1, noCount);

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The variables of the service; delivery has its own. */
export const serviceVariables = z.object({
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'is not an address such as postgres://user:password@host/name',
    })
    .optional(),
  SITREP_PORT: portNumber.min(0, 'is not a port').max(65_535, 'is not a port').default(8017),
  SITREP_HOST: z.string().default('127.0.0.1'),
  SITREP_LOG_LEVEL: z.enum(logLevels, { error: `is not one of ${logLevels.join(', ')}` }).optional(),
  SITREP_MOST_QUEUED: count.default(200),
  SITREP_REQUESTS_PER_MINUTE: count.default(600),
});

/** Reads the settings of the service. Throws `settings-invalid` with every fault; the messages never repeat a value. */
export function readSettings(variables: { readonly [name: string]: string | undefined }) {
  const parsed = serviceVariables.safeParse(givenOf(variables));
  const faults = variableFaults(parsed.error);
  try {
    const delivery = parseDeliverySettings(variables);
    if (!parsed.success) throw new AppError('settings-invalid', []);
    const { DATABASE_URL: databaseUrl, SITREP_LOG_LEVEL: logLevel, ...rest } = parsed.data;
    const { SITREP_PORT: port, SITREP_HOST: host, ...limits } = rest;
    const { SITREP_MOST_QUEUED: mostQueued, SITREP_REQUESTS_PER_MINUTE: requestsPerMinute } = limits;
    return {
      databaseUrl,
      /** Minimum log level; undefined leaves the choice to the command. */
      logLevel,
      /** The limits: of requests for each client, and of queued editions, above which single ones are refused. */
      http: { host, port, mostQueued, requestsPerMinute },
      delivery,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError('settings-invalid', [...faults, ...error.faults]);
  }
}

/** Notices on variables that look like settings but are not, each with the most similar setting. */
export function misspeltVariables(variables: { readonly [name: string]: string | undefined }): string[] {
  const known = [...Object.keys(deliveryVariables.shape), ...Object.keys(serviceVariables.shape)];
  return Object.keys(variables)
    .filter((name) => name.startsWith('SITREP_') && !name.startsWith(CREDENTIAL_PREFIX))
    .filter((name) => !known.includes(name))
    .map((name) => {
      const similar = similarTo(name, known);
      const hint =
        similar === undefined ? 'docs/operating.md lists all settings.' : `Do you mean ${similar}?`;
      return `${name} is no setting of Sitrep and is ignored. ${hint}`;
    });
}

/**
 * Reads Sitrep's settings from a `.env` file; returns none if there is no such file. It ignores all other variables,
 * because a folder from somebody else must not choose which programs run. Throws `settings-invalid`, and never repeats
 * a value.
 */
export function readEnvFile(file: string): { readonly [name: string]: string | undefined } {
  try {
    const all = Object.entries(parseEnv(readFileSync(file, 'utf8')));
    return Object.fromEntries(all.filter(([name]) => name.startsWith('SITREP_') || name === 'DATABASE_URL'));
  } catch (cause) {
    const code = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
    if (code === 'ENOENT') return {};
    const problem = `It cannot be read (${String(code)}).`;
    throw new AppError(
      'settings-invalid',
      { file, problem, hint: 'Let this user read it, or remove it.' },
      {
        cause,
      },
    );
  }
}
