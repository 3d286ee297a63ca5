import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLine, type Commands } from '../src/shells/cli.ts';

const root = join(import.meta.dirname, '..');
const pages = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
const files = [join(root, 'README.md'), ...pages.map((name) => join(root, 'docs', name))];
const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
const documentation = texts.join('\n');

const idle: Commands = { generate: async () => {}, list: async () => {}, check: async () => {} };
const { commands } = commandLine(idle, { version: '0' });

test('the shell has commands to document', () => {
  expect(commands.map((command) => command.name())).toEqual(
    expect.arrayContaining(['generate', 'list', 'check']),
  );
});

describe('README.md or docs/ tells of', () => {
  test.each(commands.map((command) => command.name()))('sitrep %s', (name) => {
    expect(documentation).toMatch(new RegExp(`\\bsitrep ${name}\\b`));
  });

  const options = commands.flatMap((command) => command.options.map((option) => option.long ?? option.flags));
  test.each([...options, '--help', '--version'])('%s', (option) => {
    expect(documentation).toMatch(new RegExp(`(?<![\\w-])${option}(?![\\w-])`));
  });
});
