import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindFault } from './catalogue.ts';
import { scanResidue } from './residue.ts';
import { type FaultEvent, runTimeline } from './timeline.ts';
import type { Topology } from './topology.ts';
import { startToxiproxy, type Toxiproxy } from './toxiproxy/server.ts';
import { addToxic, proxyState, removeToxic, setEnabled } from './toxiproxy-client.ts';
import { openUndoJournal, pendingUndos } from './undo-journal.ts';

let directory: string;
let server: Toxiproxy;
let upstream: Server;
let topology: Topology;
const soon = () => AbortSignal.timeout(5_000);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'timeline-'));
  upstream = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  server = await startToxiproxy({ port: 0, proxyMetrics: true });
  const { port } = upstream.address() as AddressInfo;
  await server.populate(JSON.stringify([{ name: 'a->b', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}` }]));
  topology = {
    entry: 'http://127.0.0.1',
    nodes: [],
    links: [{ name: 'a->b', from: 'a', to: 'b', protocol: 'http', toxiproxy: { api: server.url, proxy: 'a->b' } }],
    scrapes: [],
    stores: [],
  };
});

afterEach(async () => {
  await server.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Somebody who uses the link, ten times a second, whether it works or not. */
async function useLink(signal: AbortSignal): Promise<void> {
  const address = (await proxyState(server.url, 'a->b', soon()))?.listen ?? '';
  while (!signal.aborted) {
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    socket.on('error', () => {});
    socket.end('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await sleep(100);
    socket.destroy();
  }
}

interface Played {
  states: string[];
  events: FaultEvent[];
}

async function play(
  kind: string,
  params: object,
  options: {
    forMs: number;
    traffic: boolean | 'until proven';
    stopAfterMs?: number;
    sabotage?: () => Promise<void>;
    afterProof?: () => Promise<void>;
    proofMs?: number;
  },
): Promise<Played> {
  const bound = bindFault(kind, params);
  const resolved = bound.ok ? bound.fault.resolve(topology) : undefined;
  if (!resolved?.ok) throw new Error('the fault does not resolve');
  const events: FaultEvent[] = [];
  const users = new AbortController();
  const using = options.traffic ? useLink(users.signal) : Promise.resolve();
  if (options.traffic) await sleep(500);
  const halt = new AbortController();
  if (options.stopAfterMs !== undefined) setTimeout(() => halt.abort(), options.stopAfterMs);
  const journal = openUndoJournal(directory, 'run');
  const zero = performance.now();
  await runTimeline({
    faults: [{ id: 'stampede-test', name: 'the-fault', atMs: 300, forMs: options.forMs, fault: resolved.targets[0] }],
    journal,
    nowMs: () => performance.now() - zero,
    sleepUntil: (tMs, signal) => sleep(Math.max(0, tMs - (performance.now() - zero)), undefined, { signal }),
    onEvent(event) {
      events.push(event);
      if (event.state === 'applied') options.sabotage?.();
      if (event.state === 'proven') options.afterProof?.();
      if (event.state === 'proven' && options.traffic === 'until proven') users.abort();
    },
    signal: halt.signal,
    lookAgainMs: 200,
    lookMs: 800,
    ...(options.proofMs === undefined ? {} : { proofMs: options.proofMs }),
  });
  journal.close();
  users.abort();
  await using;
  return { states: events.map((event) => event.state), events };
}

const LIFE = ['requested', 'resolved', 'recorded', 'applied', 'proven', 'undo requested', 'undone', 'clean'];

describe('the fault latency', () => {
  const params = { link: 'a->b', latencyMs: 200 };

  it('is proven by a round trip and by traffic, and leaves nothing behind', async () => {
    const { states, events } = await play('latency', params, { forMs: 1_500, traffic: true });
    expect(states).toEqual(LIFE);
    expect(events.find((event) => event.state === 'proven')?.evidence).toMatch(
      /^a->b takes 2\d\d ms, took [\d.]+ ms before; [\d,]+ bytes of others meanwhile$/,
    );
    expect(await scanResidue(topology, soon())).toEqual([]);
    expect(pendingUndos(directory)).toEqual([]);
  });

  it('is undone at once when it loses its effect before its end', async () => {
    const fromMs = performance.now();
    const { states, events } = await play('latency', params, {
      forMs: 20_000,
      traffic: true,
      afterProof: () => removeToxic(server.url, 'a->b', 'stampede-test', soon()),
    });
    expect(performance.now() - fromMs).toBeLessThan(10_000);
    expect(states).toEqual([
      ...['requested', 'resolved', 'recorded', 'applied', 'proven', 'effect lost'],
      ...['undo requested', 'undone', 'clean'],
    ]);
    expect(events.find((event) => event.state === 'effect lost')?.evidence).toContain('no effect was seen');
  });

  it('keeps its effect without being seen to be used again', async () => {
    const { states } = await play('latency', params, { forMs: 2_500, traffic: 'until proven' });
    expect(states).toEqual(LIFE);
  });

  it('is not proven on a link that carries no traffic, and is undone at once', async () => {
    const { states, events } = await play('latency', params, { forMs: 60_000, traffic: false, proofMs: 1_200 });
    expect(states).toEqual([
      'requested',
      'resolved',
      'recorded',
      'applied',
      'unproven',
      'undo requested',
      'undone',
      'clean',
    ]);
    expect(events.find((event) => event.state === 'unproven')?.evidence).toContain('the link carries no traffic');
    expect(await scanResidue(topology, soon())).toEqual([]);
  });

  it('is not proven when somebody takes its toxic away', async () => {
    const sabotage = async () => {
      await fetch(`${server.url}/proxies/a-%3Eb/toxics/stampede-test`, { method: 'DELETE' });
    };
    const { states, events } = await play('latency', params, {
      forMs: 60_000,
      traffic: true,
      sabotage,
      proofMs: 1_200,
    });
    expect(states).toContain('unproven');
    expect(events.find((event) => event.state === 'unproven')?.evidence).toContain('no effect was seen');
    expect(states.at(-1)).toBe('clean');
  });

  it('is undone at once when the run is stopped', async () => {
    const started = performance.now();
    const { states } = await play('latency', params, { forMs: 60_000, traffic: true, stopAfterMs: 2_000 });
    expect(states.slice(-3)).toEqual(['undo requested', 'undone', 'clean']);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect((await proxyState(server.url, 'a->b', soon()))?.toxics).toEqual([]);
  });

  it('is not injected when the proxy is gone', async () => {
    await server.close();
    const { states } = await play('latency', params, { forMs: 1_000, traffic: false });
    expect(states).toEqual(['requested', 'resolved', 'recorded', 'failed', 'undo requested', 'clean']);
  });
});

describe('the fault down', () => {
  it('is proven by a refused connection on a link that was used', async () => {
    const { states, events } = await play('down', { link: 'a->b' }, { forMs: 800, traffic: true });
    expect(states).toEqual(LIFE);
    expect(events.find((event) => event.state === 'proven')?.evidence).toMatch(
      /^a->b refuses connections; [\d,]+ bytes of others before$/,
    );
    expect(await scanResidue(topology, soon())).toEqual([]);
  });

  it('is not proven on a link that nobody used', async () => {
    const { states } = await play('down', { link: 'a->b' }, { forMs: 800, traffic: false });
    expect(states).toContain('unproven');
  });

  it('is not proven on a link that still accepts connections', async () => {
    const bound = bindFault('down', { link: 'a->b' });
    const resolved = bound.ok ? bound.fault.resolve(topology) : undefined;
    if (!resolved?.ok) throw new Error('the fault does not resolve');
    const before = { armed: { bytesAfter: 0 }, applied: { bytesBefore: 5_000 } };
    const proof = await resolved.targets[0].prove(before, AbortSignal.timeout(500));
    expect(proof).toEqual({ proven: false, evidence: 'a->b still accepts connections' });
  });
});

describe('the residue scan', () => {
  it('finds toxics and closed proxies, whoever left them', async () => {
    const attributes = { latency: 1, jitter: 0 };
    await addToxic(server.url, 'a->b', { name: 'not-ours', type: 'latency', stream: 'upstream', attributes }, soon());
    expect(await scanResidue(topology, soon())).toEqual(["toxic latency 'not-ours' on a->b"]);
    await setEnabled(server.url, 'a->b', false, soon());
    expect(await scanResidue(topology, soon())).toContain('a->b is disabled');
  });

  it('does not take a proxy that cannot be asked for clean', async () => {
    await server.close();
    expect(await scanResidue(topology, soon())).toEqual([expect.stringContaining('could not be looked at')]);
  });
});

describe('looking up a target', () => {
  it('names the nearest right link', () => {
    const bound = bindFault('latency', { link: 'a->c', latencyMs: 1 });
    expect(bound.ok && bound.fault.resolve(topology)).toEqual({
      ok: false,
      problem: "no such link 'a->c'. Did you mean a->b? There are: a->b",
    });
  });

  it('tells every problem of the settings, and the nearest right name', () => {
    const bound = bindFault('latency', { link: 'a->b', latencyMS: 5, jitterMs: -1 });
    expect(bound.ok).toBe(false);
    const problems = bound.ok ? [] : bound.problems.map((problem) => `${problem.path.join('.')}: ${problem.message}`);
    expect(problems.some((text) => text.startsWith('latencyMS: unknown key. Did you mean latencyMs?'))).toBe(true);
    expect(problems.some((text) => text.startsWith('jitterMs:'))).toBe(true);
    expect(problems.some((text) => text.startsWith('latencyMs:'))).toBe(true);
  });

  it('knows no fault by another name', () => {
    const bound = bindFault('latancy', {});
    expect(bound).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('Did you mean latency?') }],
    });
  });
});
