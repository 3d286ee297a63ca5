import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Whole editions are composed and printed: on a busy machine of two cores that takes its time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    env: {
      TZ: 'UTC',
      // Programs are started hundreds of times: compiling them is half of what a start costs.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/sitrep-test/compiled'),
    },
  },
});
