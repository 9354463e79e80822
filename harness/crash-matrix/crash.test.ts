import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Topology } from '../../chaos/topology.ts';
import { startToxiproxy, type Toxiproxy } from '../../chaos/toxiproxy/server.ts';
import { proxyState } from '../../chaos/toxiproxy-client.ts';
import { crash, type Outcome } from './crash.ts';
import { POINTS, POINTS_WITHOUT_WATCHDOG, type Point } from './points.ts';

/** A slice of the matrix: one kind, a link for each point, so that several can die side by side. */

let directory: string;
let server: Toxiproxy;
let upstream: Server;
let topology: Topology;
let using: Promise<unknown>;
const stop = new AbortController();

const CASES = [
  ...POINTS.map((point) => ({ point, watchdog: true })),
  ...POINTS_WITHOUT_WATCHDOG.map((point) => ({ point, watchdog: false })),
];
const linkOf = ({ point, watchdog }: { point: Point; watchdog: boolean }) =>
  `${point.replaceAll(' ', '-')}->${watchdog ? 'w' : 'n'}`;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'crash-'));
  upstream = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  server = await startToxiproxy({ port: 0, proxyMetrics: true });
  const to = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const names = CASES.map(linkOf);
  await server.populate(JSON.stringify(names.map((name) => ({ name, listen: '127.0.0.1:0', upstream: to }))));
  const links = names.map((name) => {
    const [from = '', end = ''] = name.split('->');
    return { name, from, to: end, protocol: 'http' as const, toxiproxy: { api: server.url, proxy: name } };
  });
  topology = { entry: 'http://127.0.0.1', nodes: [], links, scrapes: [], stores: [] };
  writeFileSync(join(directory, 'topology.json'), JSON.stringify(topology));
  using = Promise.all(names.map(useLink));
});

afterAll(async () => {
  stop.abort();
  await using;
  await server.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

async function useLink(name: string): Promise<void> {
  const listen = (await proxyState(server.url, name, AbortSignal.timeout(5_000)))?.listen;
  while (!stop.signal.aborted) {
    await fetch(`http://${listen}/`, { signal: AbortSignal.timeout(1_000) })
      .then((response) => response.text())
      .catch(() => {});
    await sleep(100);
  }
}

function specOf(link: string, of: { point: Point; watchdog: boolean }) {
  const run = link.replace('->', '-');
  const undoDirectory = join(directory, `undo-${run}`);
  const fault = `latency link=${link} latencyMs=200`;
  return { run, undoDirectory, topology: join(directory, 'topology.json'), fault, ...of, forMs: 10_000 };
}

describe('a harness that is killed', () => {
  it(`at any of ${CASES.length} points leaves nothing behind`, { timeout: 60_000 }, async () => {
    const waiting = [...CASES];
    const outcomes: Outcome[] = [];
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        outcomes.push(await crash(specOf(linkOf(next), next), { topology: () => topology }));
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    expect(outcomes.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(outcomes).toHaveLength(CASES.length);
    // Where it dies with the fault in place something is there to be undone, and the scan sees it.
    const inPlace = outcomes.filter(({ point }) => ['applied', 'proven', 'undo requested'].includes(point));
    expect(inPlace.some(({ left }) => left.length > 0)).toBe(true);
  });

  it('is told apart from one that never came so far', async () => {
    const of = { point: 'proven', watchdog: false } as const;
    const { problem } = await crash(specOf('no->link', of), { topology: () => topology });
    expect(problem).toContain('cannot be injected');
  });
});
