import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runTimeline } from '../../chaos/timeline.ts';
import type { Topology } from '../../chaos/topology.ts';
import { startToxiproxy } from '../../chaos/toxiproxy/server.ts';
import { proxyState } from '../../chaos/toxiproxy-client.ts';
import { openUndoJournal } from '../../chaos/undo-journal.ts';
import { parseScenario } from '../scenario/parse.ts';
import { down, latency, nemesis, scenario, users } from '../scenario/scenario.ts';
import { aim } from './aim.ts';

const LINKS = ['a->x', 'a->y', 'b->x'];
type Entry = { name: string; target: string; state: string; tMs: number };

/** A run of the faults alone, on three links that are all used. */
async function played(seed: number): Promise<Entry[]> {
  const directory = mkdtempSync(join(tmpdir(), 'nemesis-'));
  const upstream = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const server = await startToxiproxy({ port: 0, proxyMetrics: true });
  const to = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  await server.populate(JSON.stringify(LINKS.map((name) => ({ name, listen: '127.0.0.1:0', upstream: to }))));
  const links = LINKS.map((name) => {
    const [from = '', end = ''] = name.split('->');
    return { name, from, to: end, protocol: 'http' as const, toxiproxy: { api: server.url, proxy: name } };
  });
  const topology: Topology = { entry: 'http://127.0.0.1', nodes: [], links, scrapes: [], stores: [] };
  const halt = new AbortController();
  const using = Promise.all(LINKS.map((name) => useLink(server.url, name, halt.signal)));
  const journal = openUndoJournal(directory, 'run');
  const zeroMs = performance.now();
  const nowMs = () => performance.now() - zeroMs;
  const entries: Entry[] = [];
  await runTimeline({
    faults: planOf(seed, topology).map((planned) => ({
      id: `stampede-${planned.name}`,
      name: planned.name,
      atMs: planned.atMs,
      forMs: planned.forMs,
      fault: aim(planned, topology),
    })),
    journal,
    nowMs,
    sleepUntil: (tMs, signal) => sleep(Math.max(0, tMs - nowMs()), undefined, { signal }),
    onEvent: ({ name, target, state }) => entries.push({ name, target, state, tMs: nowMs() }),
    signal: new AbortController().signal,
  });
  journal.close();
  halt.abort();
  await using;
  await server.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
  return entries;
}

function planOf(seed: number, topology: Topology) {
  const drawn = nemesis({
    from: '1s',
    every: '1s',
    jitter: '300ms',
    faults: [
      { weight: 2, for: '900ms', limit: 1, fault: latency({ link: 'a->*', latencyMs: 40 }) },
      { for: '900ms', limit: 1, fault: down({ link: '*->x' }) },
    ],
  });
  const load = { people: users({ stages: [{ to: 1, over: '5s' }], flow: async () => {} }) };
  const parsed = parseScenario(scenario({ name: 'x', target: 'reference', load, faults: [drawn] }), {
    file: 'x.ts',
    seed,
    nonce: 'test',
    topology,
    limits: { descriptors: 1_000, ports: 1_000 },
    invariants: [],
    checkPromql: () => ({ ok: true, rangeMs: 0 }),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan.faults;
}

async function useLink(api: string, name: string, signal: AbortSignal): Promise<void> {
  const address = (await proxyState(api, name, AbortSignal.timeout(5_000)))?.listen ?? '';
  while (!signal.aborted) {
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    socket.on('error', () => {});
    socket.end('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await sleep(50);
    socket.destroy();
  }
}

describe('a nemesis with the same seed', () => {
  it('injects the same faults on the same targets at the same times in two runs', { timeout: 30_000 }, async () => {
    const [one, other, third] = await Promise.all([played(1), played(1), played(2)]);
    const injected = (entries: Entry[]) =>
      entries.filter(({ state }) => state === 'requested').map(({ name, target }) => `${name} on ${target}`);
    expect(injected(one).length).toBeGreaterThan(2);
    expect(injected(other)).toEqual(injected(one));
    expect(injected(third)).not.toEqual(injected(one));
    // By the plan to the millisecond; the clock of a busy machine adds a little.
    const times = (entries: Entry[]) => entries.filter(({ state }) => state === 'requested').map(({ tMs }) => tMs);
    for (const [index, tMs] of times(one).entries())
      expect(Math.abs(tMs - (times(other)[index] ?? 0))).toBeLessThan(500);
    for (const entries of [one, other]) expect(entries.filter(({ state }) => state === 'not clean')).toEqual([]);
  });
});
