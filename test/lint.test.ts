import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const project = join(import.meta.dirname, '..');
const fixtures = join(import.meta.dirname, 'input/lint/src');

const report = z.object({
  diagnostics: z.array(
    z.object({
      code: z.string(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })),
    }),
  ),
});

/** What oxlint finds, as `file:line rule`. Its exit status is 1 when it finds anything. */
async function lint(...paths: string[]): Promise<string[]> {
  const oxlint = join(project, 'node_modules/.bin/oxlint');
  const output = await new Promise<string>((resolve) => {
    execFile(oxlint, ['-f', 'json', ...paths], { cwd: project, maxBuffer: 2 ** 24 }, (_, stdout) =>
      resolve(stdout),
    );
  });
  const { diagnostics } = report.parse(JSON.parse(output));
  return diagnostics.map(({ code, filename, labels: [label] }) => {
    const rule = /\((.*)\)/.exec(code)?.[1] ?? code;
    return `${relative(fixtures, join(project, filename))}:${label?.span.line ?? 0} ${rule}`;
  });
}

// Each line of a fixture that breaks a rule names it in a comment at its end.
test('every rule bites where a fixture breaks it, and nowhere else', async () => {
  const names = await readdir(fixtures, { recursive: true });
  const expected: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.ts'))) {
    const lines = (await readFile(join(fixtures, name), 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      const rules = / \/\/ ([a-z-]+(?:, [a-z-]+)*)$/.exec(line)?.[1]?.split(', ') ?? [];
      expected.push(...rules.map((rule) => `${name}:${index + 1} ${rule}`));
    }
  }
  expect(expected.length).toBeGreaterThan(30);
  expect((await lint(fixtures)).toSorted()).toEqual(expected.toSorted());
});
