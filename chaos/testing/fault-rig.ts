import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AimedFault, bindFault } from '../catalogue.ts';
import type { Proof } from '../fault.ts';
import { scanResidue } from '../residue.ts';
import type { Topology } from '../topology.ts';
import { startToxiproxy } from '../toxiproxy/server.ts';
import { type UndoResult, undo } from '../undo.ts';

/** A link `a->b` through a fault proxy, to a small HTTP server, and somebody who uses it. */
export interface FaultRig extends AsyncDisposable {
  api: string;
  topology: Topology;
  /** The server's status from now on; 200 unless told. */
  answerWith(status: number): void;
  /** Takes a fault through its life and tells what it proved; see `Life`. */
  live(kind: string, params: object, options?: LiveOptions): Promise<Life>;
}

export interface LiveOptions {
  /** Done right after the fault was applied; the proof is then given only `spoiltMs`. */
  sabotage?: (fault: AimedFault) => Promise<void>;
  /** Nobody uses the link. */
  idle?: boolean;
}

export interface Life {
  proof: Proof;
  /** What undoing it came to. */
  undone: UndoResult;
  /** What is left over, by the residue scan. */
  residue: string[];
  /** What a proof says once it is undone: it must not be proven any more. */
  after: Proof;
}

/** `api` is a fault proxy with metrics. */
export async function startFaultRig(api: string): Promise<FaultRig> {
  let status = 200;
  const upstream = createServer((_, response) => response.writeHead(status).end('ok'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const listen = await makeProxy(api, upstream);
  const topology: Topology = {
    entry: 'http://127.0.0.1',
    nodes: [],
    links: [{ name: 'a->b', from: 'a', to: 'b', protocol: 'http', toxiproxy: { api, proxy: 'a->b' } }],
    scrapes: [],
    stores: [],
  };
  return {
    api,
    topology,
    answerWith(wanted) {
      status = wanted;
    },
    live: (kind, params, options) => live(topology, listen, aim(topology, kind, params), options ?? {}),
    async [Symbol.asyncDispose]() {
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    },
  };
}

/** A rig with a fault proxy of its own, so that tests may run at the same time. */
export async function startOwnRig(): Promise<FaultRig> {
  const server = await startToxiproxy({ port: 0, proxyMetrics: true, seed: 7 });
  const rig = await startFaultRig(server.url);
  return {
    ...rig,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** The first target of a fault in a topology. */
export function aim(topology: Topology, kind: string, params: object): AimedFault {
  const bound = bindFault(kind, params);
  if (!bound.ok) throw new Error(JSON.stringify(bound.problems));
  const resolved = bound.fault.resolve(topology);
  if (!resolved.ok) throw new Error(resolved.problem);
  return resolved.targets[0];
}

async function live(topology: Topology, listen: string, fault: AimedFault, options: LiveOptions): Promise<Life> {
  const leaving = new AbortController();
  const using = options.idle ? Promise.resolve() : useLink(Number(listen.split(':').at(-1)), leaving.signal);
  const id = 'stampede-test';
  try {
    const armed = await fault.baseline(AbortSignal.timeout(PATIENCE_MS));
    const before = { armed, applied: await fault.baseline(AbortSignal.timeout(PATIENCE_MS)) };
    await fault.apply({ id, forMs: 60_000, signal: AbortSignal.timeout(PATIENCE_MS) });
    await options.sabotage?.(fault);
    const spoilt = options.sabotage !== undefined || options.idle === true;
    const proof = await fault.prove(before, AbortSignal.timeout(spoilt ? SPOILT_MS : PATIENCE_MS));
    const undone = await undo(fault.undoOf(id), AbortSignal.timeout(PATIENCE_MS));
    const residue = await scanResidue(topology, AbortSignal.timeout(PATIENCE_MS));
    const after = spoilt ? proof : await fault.prove(before, AbortSignal.timeout(SPOILT_MS));
    return { proof, undone, residue, after };
  } finally {
    leaving.abort();
    await using;
  }
}

/** Somebody who asks every 50 ms, whether answers come or not. */
async function useLink(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await sleep(50);
    socket.destroy();
  }
}

async function makeProxy(api: string, upstream: Server): Promise<string> {
  const { port } = upstream.address() as AddressInfo;
  await fetch(`${api}/proxies/a->b`, { method: 'DELETE' });
  const answer = await fetch(`${api}/proxies`, {
    method: 'POST',
    body: JSON.stringify({ name: 'a->b', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}` }),
  });
  const made: { listen: string } = JSON.parse(await answer.text());
  return made.listen;
}

const PATIENCE_MS = 5_000;
const SPOILT_MS = 1_500;
