import { execFile } from 'node:child_process';

/** A browser that starts after all is ended by then. */
const TIMEOUT_MS = 10_000;
const MOST_CHARACTERS = 300;

/**
 * Starts a browser that did not start once more, for what it says of it on standard error: Puppeteer, which speaks with
 * it over pipes, does not hear that. Gives the line that tells the reason, empty when it says nothing.
 */
export async function complaintOf(
  path: string,
  { args, env }: { args: readonly string[]; env?: Record<string, string> | undefined },
): Promise<string> {
  const said = await new Promise<string>((resolve) => {
    const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', ...(env && { env }) } as const;
    execFile(path, ['--headless', ...args, '--dump-dom', 'about:blank'], options, (_error, _stdout, stderr) =>
      resolve(stderr),
    );
  });
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((each) => /fatal|error/i.test(each)) ?? lines[0] ?? '';
  // Without the process and the place in the browser's own source.
  return line
    .replace(/^\[[^\]]*\]\s*/, '')
    .trim()
    .slice(0, MOST_CHARACTERS);
}
