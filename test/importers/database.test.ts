import { expect, test } from 'vitest';
import { z } from 'zod';
import { openDatabase } from '../../src/importers/database.ts';
import { temporaryFolder } from '../support/dataset.ts';

test('a question is answered while a statement runs, and both end when the import is stopped', async () => {
  const stop = new AbortController();
  await using database = await openDatabase(await temporaryFolder(), { signal: stop.signal });
  const endless = 'SELECT sum(n % 7)::VARCHAR AS total FROM range(1_000_000_000_000) AS numbers(n)';
  const question = database
    .rows(endless, z.object({ total: z.string() }))
    .catch((error: unknown) => String(error));
  await database.run('CREATE TABLE answers AS SELECT 42 AS answer');
  stop.abort(new Error('Stopped.'));
  expect(await question).toBe('Error: Stopped.');
  await expect(database.run('DROP TABLE answers')).rejects.toThrow('Stopped.');
});
