// How vitest runs here: real processes and servers, two files at a time, everything a file started undone after it.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './helpers/longest-first.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  cacheDir: `${root}/node_modules/.cache/vitest`,
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [`${root}/test/helpers/setup.ts`],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    sequence: { hooks: 'stack', sequencer: LongestFirst },
  },
});
