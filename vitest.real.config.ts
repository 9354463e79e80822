import { defineConfig } from 'vitest/config';

/** Tests against real parts; `npm run test:real` installs those and says where they are. */
export default defineConfig({
  test: {
    include: ['{harness,chaos,target-app,reports,dashboards}/**/*.test-real.ts', 'chaos/toxiproxy/contract/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
