import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folderDelivery } from '../../src/delivery/folder.ts';
import type { Message, Receipt } from '../../src/delivery/message.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { byFolder, byMail, enclosed, never, notice, message, samplePdf } from '../support/message.ts';
import { readPdf } from '../support/pdf.ts';
import { locale } from '../support/locale.ts';

const put = (root: string, what: Message = message(), folder = 'archive'): Promise<Receipt> =>
  folderDelivery(root, locale)(what, { target: byFolder(folder), signal: never });
const place = 'archive/weekly/weekly-2021-08-22.pdf';

test('the PDF lies in the folder of its brief, whole, and nothing beside it', async () => {
  const root = await temporaryFolder();
  expect(await put(root)).toEqual({ outcome: 'sent', reason: place });
  const content = await readFile(join(root, place));
  expect(Buffer.compare(content, samplePdf)).toBe(0);
  expect((await readPdf(content)).pages.length).toBeGreaterThan(1);
  expect(await readdir(join(root, 'archive/weekly'))).toEqual(['weekly-2021-08-22.pdf']);
});

test('what a killed process left half-written is removed after an hour, and nothing else', async () => {
  const root = await temporaryFolder();
  const folder = join(root, 'archive/weekly');
  await mkdir(folder, { recursive: true });
  const left = (digit: number) => `.new-${digit}0000000-0000-4000-8000-000000000000`;
  for (const name of [left(1), left(2), '.new-years-eve.pdf']) await writeFile(join(folder, name), 'half');
  const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of [left(1), '.new-years-eve.pdf'])
    await utimes(join(folder, name), twoHoursAgo, twoHoursAgo);
  await put(root);
  expect((await readdir(folder)).toSorted()).toEqual([
    left(2),
    '.new-years-eve.pdf',
    'weekly-2021-08-22.pdf',
  ]);
});

test('again changes nothing and is sent', async () => {
  const root = await temporaryFolder();
  await put(root);
  const before = await stat(join(root, place));
  expect(await put(root)).toEqual({ outcome: 'sent', reason: `${place}, which already existed` });
  expect(await stat(join(root, place))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
});

test('never overwrites another file with its name, and is put on hold', async () => {
  const root = await temporaryFolder();
  await put(root, message({ pdf: enclosed(Buffer.from('first')) }));
  expect(await put(root)).toEqual({
    outcome: 'held',
    reason: `Another file already exists at ${place}. Move it away, or cancel the delivery.`,
  });
  expect(await readFile(join(root, place), 'utf8')).toBe('first');
  expect(await readdir(join(root, 'archive/weekly'))).toEqual(['weekly-2021-08-22.pdf']);
});

test('of several different files at once, one is written whole and the others are put on hold', async () => {
  const root = await temporaryFolder();
  const contents = Array.from({ length: 12 }, (_, index) => `${index}`.repeat(200_000));
  const receipts = await Promise.all(
    contents.map((content) => put(root, message({ pdf: enclosed(Buffer.from(content)) }))),
  );
  expect(receipts.map(({ outcome }) => outcome).toSorted()).toEqual([...Array(11).fill('held'), 'sent']);
  const winner = receipts.findIndex(({ outcome }) => outcome === 'sent');
  expect(await readFile(join(root, place), 'utf8')).toBe(contents[winner]);
  expect(await readdir(join(root, 'archive/weekly'))).toEqual(['weekly-2021-08-22.pdf']);
});

test('a notice and an alert are text files, each with a name of its own', async () => {
  const root = await temporaryFolder();
  await put(root, notice());
  await put(root, notice({ kind: 'alert', id: 'one', paragraphs: ['Held.'] }));
  await put(root, notice({ kind: 'alert', id: 'two', paragraphs: ['Late.'] }));
  const folder = join(root, 'archive/weekly');
  expect((await readdir(folder)).toSorted()).toEqual([
    'alert-one.txt',
    'alert-two.txt',
    'weekly-2021-08-22-notice.txt',
  ]);
  expect(await readFile(join(folder, 'weekly-2021-08-22-notice.txt'), 'utf8')).toBe(
    'TLP:CLEAR\n\nWeekly brief, 2021-W33\n\nNothing new became known.\n\nTLP:CLEAR\n',
  );
});

test.each([
  ['the name of the PDF', { pdf: { ...enclosed(samplePdf)!, name: '../../../escaped.pdf' } }, 'archive'],
  [
    'the name of the PDF, inside the root',
    { pdf: { ...enclosed(samplePdf)!, name: '../escaped.pdf' } },
    'archive',
  ],
  ['the brief', { brief: '../..' }, 'archive'],
  ['the folder', {}, '../outside'],
  ['the folder, as the root itself', {}, '.'],
])('%s leads nowhere else: held', async (_, changes, folder) => {
  const root = join(await temporaryFolder(), 'root');
  await mkdir(root);
  expect(await put(root, message(changes), folder)).toMatchObject({ outcome: 'held' });
  expect(await readdir(root)).toEqual([]);
  expect(await readdir(join(root, '..'))).toEqual(['root']);
});

test('is deferred while a file has the name of the folder, and sent once that file is removed', async () => {
  const root = await temporaryFolder();
  await writeFile(join(root, 'archive'), 'in the way');
  expect(await put(root)).toEqual({
    outcome: 'deferred',
    reason: 'The file cannot be written to archive: ENOTDIR.',
  });
});

test('a name that no disk takes leaves nothing half-written: deferred', async () => {
  const root = await temporaryFolder();
  const what = message({ pdf: { ...enclosed(samplePdf)!, name: `${'x'.repeat(300)}.pdf` } });
  expect(await put(root, what)).toMatchObject({
    outcome: 'deferred',
    reason: expect.stringContaining('ENAMETOOLONG'),
  });
});

test('does not read something that is not a file and might never end, and is put on hold', async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, 'archive/weekly'), { recursive: true });
  await symlink('/dev/zero', join(root, place));
  expect(await put(root)).toMatchObject({ outcome: 'held' });
});

test('does not accept a link to the same bytes, which may lead elsewhere tomorrow, and is put on hold', async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, 'archive/weekly'), { recursive: true });
  await writeFile(join(root, 'archive/weekly/same'), 'same');
  // The length of a link is that of the name it holds.
  await symlink('same', join(root, place));
  expect(await put(root, message({ pdf: enclosed(Buffer.from('same')) }))).toMatchObject({ outcome: 'held' });
});

/** To root everything is permitted: for as long as the test takes, the process is somebody else. */
function withoutPrivileges(): void {
  if (process.getuid?.() !== 0) return;
  process.seteuid?.('nobody');
  onTestFinished(() => process.seteuid?.('root'));
}

test('a folder without permission: deferred', async () => {
  const root = await temporaryFolder();
  await chmod(root, 0o555);
  withoutPrivileges();
  expect(await put(root)).toEqual({
    outcome: 'deferred',
    reason: 'The file cannot be written to archive: EACCES.',
  });
});

test('a folder that may no longer be written to, with the file in it: sent', async () => {
  const root = await temporaryFolder();
  await put(root);
  for (const folder of ['.', 'archive', 'archive/weekly']) await chmod(join(root, folder), 0o555);
  onTestFinished(async () => {
    for (const folder of ['archive/weekly', 'archive', '.']) await chmod(join(root, folder), 0o755);
  });
  withoutPrivileges();
  expect(await put(root)).toMatchObject({ outcome: 'sent' });
});

test('aborted beforehand, nothing is written', async () => {
  const root = await temporaryFolder();
  const signal = AbortSignal.abort(new Error('stopping'));
  await expect(
    folderDelivery(root, locale)(message(), { target: byFolder('archive'), signal }),
  ).rejects.toThrow('stopping');
  expect(await readdir(root)).toEqual([]);
});

test("another channel's target is a fault of the caller", async () => {
  const deliver = folderDelivery(await temporaryFolder(), locale);
  await expect(deliver(message(), { target: byMail('a@b.org'), signal: never })).rejects.toThrow(TypeError);
});
