import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindFault } from './catalogue.ts';
import type { Topology } from './topology.ts';
import { undo } from './undo.ts';

/** A supervisor of one real process, as small as the control API allows. */
let child: ChildProcess | undefined;
const everyChild = new Set<ChildProcess>();
let held = false;
let supervisor: Server;
let control: string;

function startNode(): void {
  const started = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  child = started;
  everyChild.add(started);
  started.once('exit', () => {
    // The child of an earlier test may end only now.
    if (child !== started) return;
    child = undefined;
    if (!held && supervisor.listening) startNode();
  });
}

beforeEach(async () => {
  held = false;
  supervisor = createServer((request, response) => {
    if (request.url === '/status') {
      const state = child ? 'ready' : held ? 'held' : 'down';
      response.end(JSON.stringify({ nodes: [{ name: 'node-1', pid: child?.pid ?? null, state }] }));
      return;
    }
    held = request.method === 'PUT';
    if (!held && !child) startNode();
    response.end();
  });
  await new Promise<void>((resolve) => supervisor.listen(0, '127.0.0.1', resolve));
  control = `http://127.0.0.1:${(supervisor.address() as AddressInfo).port}`;
  startNode();
});

afterEach(async () => {
  supervisor.closeAllConnections();
  await new Promise((resolve) => supervisor.close(resolve));
  for (const each of everyChild) each.kill('SIGKILL');
  everyChild.clear();
  child = undefined;
});

function aimed(params: object) {
  const topology: Topology = {
    entry: 'http://127.0.0.1',
    nodes: [{ name: 'node-1', role: 'gateway', by: { pid: child?.pid ?? 1, control } }],
    links: [],
    scrapes: [],
    stores: [],
  };
  const bound = bindFault('kill', params);
  const resolved = bound.ok ? bound.fault.resolve(topology) : undefined;
  if (!resolved?.ok) throw new Error('the fault does not resolve');
  return resolved.targets[0];
}

const soon = () => AbortSignal.timeout(5_000);

describe('the fault kill', () => {
  it('ends the process, keeps it dead, is proven by its absence, and starts it again', async () => {
    const fault = aimed({ node: 'node-1' });
    const pid = child?.pid;
    const before = { armed: {}, applied: await fault.baseline(soon()) };
    expect(before.applied.pid).toBe(pid);
    await fault.apply({ id: 'x', forMs: 60_000, signal: soon() });
    expect(await fault.prove(before, soon())).toEqual({ proven: true, evidence: `node-1 (pid ${pid}) is gone` });
    expect(child).toBeUndefined();
    const result = await undo(fault.undoOf('x'), soon());
    expect(result).toEqual({ clean: true, evidence: `node-1 is ready again (pid ${child?.pid})` });
    expect(child?.pid).not.toBe(pid);
  });

  it('lets the supervisor restart it at once when told so', async () => {
    const fault = aimed({ node: 'node-1', restart: 'at-once' });
    const before = { armed: {}, applied: await fault.baseline(soon()) };
    await fault.apply({ id: 'x', forMs: 60_000, signal: soon() });
    expect((await fault.prove(before, soon())).proven).toBe(true);
    expect(held).toBe(false);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });

  it('is not proven while the process lives', async () => {
    const fault = aimed({ node: 'node-1' });
    const before = { armed: {}, applied: await fault.baseline(soon()) };
    const proof = await fault.prove(before, AbortSignal.timeout(300));
    expect(proof).toEqual({ proven: false, evidence: `node-1 (pid ${child?.pid}) still runs` });
  });

  it('is not clean while the process stays dead', async () => {
    const fault = aimed({ node: 'node-1' });
    await fault.apply({ id: 'x', forMs: 60_000, signal: soon() });
    // A supervisor that takes the order and does nothing.
    supervisor.removeAllListeners('request');
    supervisor.on('request', (request, response) => {
      response.end(
        request.url === '/status' ? JSON.stringify({ nodes: [{ name: 'node-1', pid: null, state: 'down' }] }) : '',
      );
    });
    const result = await undo(fault.undoOf('x'), AbortSignal.timeout(400));
    expect(result.clean).toBe(false);
  });
});
