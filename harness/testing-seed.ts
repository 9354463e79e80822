import fc from 'fast-check';

/**
 * Test setup: property tests draw the same cases each time, so that a change is what makes a test fail. `FC_SEED=17 npx
 * vitest run` looks at others.
 */
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261_125) });
