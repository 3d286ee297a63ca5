import { readdirSync, readFileSync } from 'node:fs';

/** Living processes (Linux) whose command line holds `text`. A dead one not yet collected has none. */
export function listProcesses(text: string): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
      return command.includes(text) ? [{ pid: Number(name), command }] : [];
    } catch {
      // It ended between the listing and the reading.
      return [];
    }
  });
}
