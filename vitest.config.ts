import { defineConfig } from 'vitest/config';
import { compileCache } from './harness/places.ts';

/** These bring up the whole target, and would disturb each other and everything else. */
const WHOLE = ['target-app/target.test.ts', 'harness/cli.test.ts', 'harness/steered-run.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    // Most of them wait for a process or for a time: three at once on two cores are no hardship.
    maxWorkers: 3,
    env: { NODE_COMPILE_CACHE: compileCache },
    setupFiles: ['harness/testing-seed.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{harness,chaos,target-app,reports,scenarios,dashboards}/**/*.test.ts'],
          exclude: WHOLE,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'whole', include: WHOLE, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
