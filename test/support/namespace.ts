import { spawnSync } from 'node:child_process';
import { expect, type TestContext } from 'vitest';

const isRoot = process.getuid?.() === 0;

/**
 * The command that runs another in a namespace of its own, as a container does. Who is not root needs a user namespace for
 * that, which some systems refuse: the test is skipped there. Root can always do it, and CI is root: there it fails instead.
 */
export function namespace(
  kind: readonly string[],
  { skip }: Pick<TestContext, 'skip'>,
): readonly [string, ...string[]] {
  const command = ['unshare', ...(isRoot ? [] : ['--user', '--map-root-user']), ...kind] as const;
  const [program, ...options] = command;
  const works = spawnSync(program, [...options, 'true']).status === 0;
  if (!isRoot) skip(!works, 'This system gives ordinary users no namespaces.');
  expect(works).toBe(true);
  return command;
}
