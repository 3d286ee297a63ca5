import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freeBytesAt } from '../../src/project/source-files.ts';
import { temporaryFolder } from '../support/dataset.ts';

test('a folder that is still to be made has the space of the nearest one above it', async () => {
  expect(await freeBytesAt(join(await temporaryFolder(), 'one', 'two', 'three'))).toBeGreaterThan(0);
});
