import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { misspeltVariables, readEnvFile } from '../src/settings.ts';
import { temporaryFolder } from './support/dataset.ts';

test('a misspelt variable is named with a setting like it, where there is one, and no other is', () => {
  const variables = {
    SITREP_WEATHER: 'x',
    SITREP_MAIL_FORM: 'x',
    SITREP_OPERATOR: 'x',
    SITREP_SMPT_URL: 'x',
    SITREP_SOURCE_REGION: 'x',
    PATH: '/bin',
  };
  expect(misspeltVariables(variables)).toEqual([
    'SITREP_WEATHER is no setting of Sitrep and is ignored. docs/operating.md lists all settings.',
    'SITREP_MAIL_FORM is no setting of Sitrep and is ignored. Do you mean SITREP_MAIL_FROM?',
    'SITREP_SMPT_URL is no setting of Sitrep and is ignored. Do you mean SITREP_SMTP_URL?',
  ]);
});

test('a .env file gives settings of Sitrep and nothing else', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, '.env');
  expect(readEnvFile(file)).toEqual({});
  await writeFile(
    file,
    '# mail\nexport SITREP_MAIL_FROM="Sitrep <briefs@example.org>"\nDATABASE_URL=postgres://host/name\nPUPPETEER_EXECUTABLE_PATH=/tmp/evil\nPATH=/tmp\n',
  );
  expect(readEnvFile(file)).toEqual({
    SITREP_MAIL_FROM: 'Sitrep <briefs@example.org>',
    DATABASE_URL: 'postgres://host/name',
  });
});

test('a .env that cannot be read is a fault that names it', async () => {
  const folder = join(await temporaryFolder(), '.env');
  await mkdir(folder);
  expect(() => readEnvFile(folder)).toThrow(/\.env: It cannot be read \(EISDIR\)/);
});
