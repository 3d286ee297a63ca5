import { join } from 'node:path';

/** Where tests share one unpacked browser: unpacking takes longer than most tests. */
export const testCacheFolder = join(import.meta.dirname, '../../node_modules/.cache/sitrep-test');
