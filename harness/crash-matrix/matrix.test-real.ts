import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CONTAINER_LANES, LANES } from './cases.ts';
import type { Outcome } from './crash.ts';

/** All of the matrix, as `npm run crash-matrix` runs it. */
it('a harness that is killed at any point of any fault leaves nothing behind', { timeout: 1_200_000 }, async () => {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const matrix = spawn(process.execPath, [program, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [told, [code]] = await Promise.all([text(matrix.stdout), once(matrix, 'exit')]);
  // 1 is a matrix with bad points, which are told below.
  expect([0, 1], told).toContain(code);
  const { outcomes, residue } = JSON.parse(told) as { outcomes: Outcome[]; residue: string[] };
  expect(outcomes.filter(({ problem }) => problem !== undefined)).toEqual([]);
  expect(residue).toEqual([]);
  const lanes = process.env.DOCKER ? [...LANES, ...CONTAINER_LANES] : LANES;
  expect([...new Set(outcomes.map(({ fault }) => fault))].sort()).toEqual(lanes.flat().sort());
  expect(outcomes.length).toBeGreaterThan(20 * lanes.flat().length);
});
