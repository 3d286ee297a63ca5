import { pino } from 'pino';
import type { Log } from '../runtime/log.ts';
import { redactAddresses } from '../model/redact.ts';

/** One JSON object a line on standard error. Whatever looks like an address is shortened, wherever it stands. */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        streamWrite: redactAddresses,
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
