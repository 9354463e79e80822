import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { targetOf } from './target.ts';

const directory = mkdtempSync(join(tmpdir(), 'target-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('users of a system of your own come in where the scenario says, whatever its topology has', async () => {
  const topology = join(directory, 'topology.json');
  const nothing = { nodes: [], links: [], scrapes: [], stores: [] };
  writeFileSync(topology, JSON.stringify({ entry: 'http://192.0.2.1', ...nothing }));
  const url = 'http://127.0.0.1:8080';
  const signal = AbortSignal.timeout(5_000);
  const options = { checkout: directory, directory, signal, tethered: true, onEvent: () => {}, say: () => {} };
  const target = await targetOf({ kind: 'own', url, topology }, options);
  expect(target.topology()).toEqual({ entry: url, ...nothing });
});
