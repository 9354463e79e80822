import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CONTAINER_LANES, LANES } from './cases.ts';
import type { Outcome } from './crash.ts';

/** For each way in which faults are undone one kind that is undone so; `npm run crash-matrix` has all kinds. */
const KINDS = [
  'latency',
  'down',
  'flapping',
  'kill',
  'pause',
  'cpu-hog',
  'event-loop-block',
  'replica-lag',
  'disconnect',
  'cpu-limit',
  'oom',
  'reject',
  'disk-write-limit',
];

it('a harness that is killed at any point of a fault leaves nothing behind', { timeout: 900_000 }, async () => {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const matrix = spawn(process.execPath, [program, '--json', '--only', KINDS.join(',')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [told, [code]] = await Promise.all([text(matrix.stdout), once(matrix, 'exit')]);
  if (told === '') throw new Error(`the matrix ended with code ${code}, and said nothing`);
  const { outcomes, residue } = JSON.parse(told) as { outcomes: Outcome[]; residue: string[] };
  expect(outcomes.filter(({ problem }) => problem !== undefined)).toEqual([]);
  expect(residue).toEqual([]);
  const lanes = process.env.DOCKER ? [...LANES, ...CONTAINER_LANES] : LANES;
  const faults = lanes.flat().filter((fault) => KINDS.includes(fault.split(' ')[0] ?? ''));
  expect([...new Set(outcomes.map(({ fault }) => fault))].sort()).toEqual(faults.sort());
  expect(outcomes.length).toBeGreaterThan(20 * faults.length);
});
