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

/** The living children of a process (Linux) whose command line holds `text`. */
export const childrenOf = (parent: number, text: string): number[] =>
  listProcesses(text).flatMap(({ pid }) => (statusOf(pid)[1] === parent ? [pid] : []));

/** How long a process (Linux) has computed, in clock ticks; nought when it has ended. */
export function cpuTicksOf(pid: number): number {
  const status = statusOf(pid);
  return (status[11] ?? 0) + (status[12] ?? 0);
}

/** The fields of `/proc/<pid>/stat` after the name (proc(5)): state, parent, …; none when the process has ended. */
function statusOf(pid: number): number[] {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
    return fields.startsWith('Z') ? [] : fields.split(' ').map(Number);
  } catch {
    return [];
  }
}
