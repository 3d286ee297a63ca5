import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { AppError } from '../model/fault.ts';

/**
 * The settings of Sitrep in a `.env` file; none where there is no such file. Nothing else is taken from it: a folder that
 * came from somebody else must not choose the programs that are run. Throws `settings-invalid`, and repeats no value.
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
      [{ file, problem, mend: 'Let this user read it, or remove it.' }],
      {
        cause,
      },
    );
  }
}
