import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Packs the program, installs it in a copy of `examples/own-briefs/` that lies outside of this repository, and works
 * there as a team would (`npm run test:package`): check, generate, its tests and its types. Then it makes a project with
 * `sitrep init`, puts the data of `examples/minimal/` there, makes the brief of that example with `sitrep new`, and checks
 * and tests it. It checks, makes and tests the example itself and `examples/arabic/` too.
 *
 * npm installs the package among this project's dependencies and removes those that neither the package nor the example
 * declares. So it proves that the packed files and the declared dependencies suffice, that the compiled program runs, and
 * that it finds Node, the browser and the fonts through its packages. It does not prove that Puppeteer's own download
 * works: that is turned off there.
 */
const project = join(import.meta.dirname, '..');
const folder = await mkdtemp(join(tmpdir(), 'sitrep-package-'));
try {
  run('npm', ['pack', '--silent', '--pack-destination', folder], project);
  const [tarball = ''] = await readdir(folder);
  const example = join(folder, 'own-briefs');
  await cp(join(project, 'examples/own-briefs'), example, { recursive: true });
  await cp(join(folder, tarball), join(example, 'sitrep.tgz'));
  // Links to the files, where both folders are on one disk: to unpack them anew takes six times as long.
  // `join` would take away the dot, and the folder would be copied into the new one.
  const installed = [`${join(project, 'node_modules')}/.`, join(example, 'node_modules')];
  run('sh', ['-c', 'mkdir "$1" && cp -al "$0" "$1" || cp -a "$0" "$1"', ...installed], example);
  // What npm and the tests write without making a new file.
  for (const name of ['.package-lock.json', '.cache'])
    await rm(join(example, 'node_modules', name), { recursive: true, force: true });
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], example);
  if (existsSync(join(example, 'node_modules/knip')))
    throw new Error('npm left a package that neither the package nor the example declares.');
  run('npx', ['--no', 'sitrep', 'check'], example);
  run('sitrep', ['generate'], example);
  const pdf = join(example, 'output/ties/2021-08-25/ties-2021-08-25.pdf');
  if ((await stat(pdf)).size < 20_000) throw new Error(`${pdf} is no brief.`);
  run('npm', ['test'], example);
  // The declarations of the matcher, with the project's own compiler: the example needs none.
  run(join(project, 'node_modules/.bin/tsc'), ['-p', join(example, 'tsconfig.json')], example);

  // A desk of its own: the package is installed once, and named by the path of its tarball.
  const desk = join(example, 'desk');
  run('sitrep', ['init', 'desk'], example);
  const { dependencies } = JSON.parse(await readFile(join(desk, 'package.json'), 'utf8'));
  if (dependencies.sitrep !== `file:${join(example, 'sitrep.tgz')}`)
    throw new Error(`The new project depends on ${dependencies.sitrep}.`);
  await symlink(join(example, 'node_modules'), join(desk, 'node_modules'));
  const minimal = join(project, 'examples/minimal');
  await cp(join(minimal, 'data/roads'), join(desk, 'data/roads'), { recursive: true });
  for (const args of [['new', 'roads', '--dataset', 'roads'], ['check'], ['test']]) run('sitrep', args, desk);

  const others = [
    {
      name: 'minimal',
      brief: 'roads',
      asOf: '2025-02-16',
      texts: ['un détour de 85 km', 'Attaques et vols', 'lang="fr"'],
    },
    { name: 'arabic', brief: 'water', asOf: '2025-03-09', texts: ['عكارة المياه', 'Tadjoura', 'dir="rtl"'] },
  ];
  for (const { name, brief, asOf, texts } of others) {
    const copy = join(example, name);
    await cp(join(project, 'examples', name), copy, { recursive: true });
    await symlink(join(example, 'node_modules'), join(copy, 'node_modules'));
    for (const args of [['check'], ['generate', '--as-of', asOf], ['test']]) run('sitrep', args, copy);
    const page = await readFile(join(copy, `output/${brief}/${asOf}/${brief}-${asOf}.html`), 'utf8');
    for (const text of texts)
      if (!page.includes(text)) throw new Error(`The page on ${brief} lacks "${text}".`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function run(command: string, args: readonly string[], cwd: string): void {
  console.log(`\n-- ${command} ${args.join(' ')}`);
  const startedMs = performance.now();
  // What npm runs this script with (its own settings, and this project's programs) is nothing that a team has. Goldens
  // that a brief never had are not written, but for the brief that is new.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_PATH$|^VITEST/.test(name)),
  );
  const places = (env['PATH'] ?? '').split(':').filter((place) => !place.startsWith(project));
  // As npx does, which takes half a second to do it.
  if (command === 'sitrep') places.unshift(join(cwd, 'node_modules/.bin'));
  env['PATH'] = places.join(':');
  const { status } = spawnSync(command, args, { cwd, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${status}).`);
  console.log(`-- ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
