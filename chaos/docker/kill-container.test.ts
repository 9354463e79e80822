import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scanResidue } from '../residue.ts';
import { undo } from '../undo.ts';
import { aimAt, fakeTopology, soon } from './testing-aim.ts';
import { type FakeEngine, startFakeEngine } from './testing-fake-engine.ts';

let engine: FakeEngine;

beforeEach(async () => {
  engine = await startFakeEngine();
});
afterEach(() => engine.close());

describe('the fault kill on a container', () => {
  it('is proven by the container having ended, and starts that very container again', async () => {
    const container = engine.add('shop_orders_1', { restartPolicy: 'always' });
    const fault = aimAt(engine, 'kill', { node: 'orders-1' }, { 'orders-1': 'shop_orders_1' });
    await fault.prepare(soon());
    const step = fault.undoOf('x');
    const before = { armed: {}, applied: await fault.baseline(soon()) };
    await fault.apply({ id: 'x', forMs: 60_000, signal: soon() });
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: `orders-1 (pid ${container.pid}) has ended with exit code 137`,
    });
    expect(await scanResidue(fakeTopology(engine, { 'orders-1': 'shop_orders_1' }), soon())).toEqual([
      'orders-1 is exited',
    ]);
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: 'shop_orders_1 runs' });
    expect(await scanResidue(fakeTopology(engine, { 'orders-1': 'shop_orders_1' }), soon())).toEqual([]);
    // Undoing twice is undoing once.
    expect((await undo(step, soon())).clean).toBe(true);
  });

  it('is not proven while the container runs', async () => {
    engine.add('a');
    const fault = aimAt(engine, 'kill', { node: 'a' });
    engine.sabotage = (_, path) => (path.endsWith('/kill') ? { status: 200 } : undefined);
    await fault.prepare(soon());
    const before = { armed: {}, applied: await fault.baseline(soon()) };
    await fault.apply({ id: 'x', forMs: 60_000, signal: soon() });
    const proof = await fault.prove(before, AbortSignal.timeout(300));
    expect(proof).toEqual({ proven: false, evidence: 'a still runs' });
  });

  describe('with a door', () => {
    let door: Server;
    beforeEach(async () => {
      door = createServer((socket) => socket.end('hello'));
      await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    });
    afterEach(() => {
      door.close();
    });

    it('wants the door closed as well, whatever the engine says', async () => {
      const { port } = door.address() as AddressInfo;
      engine.add('a', { port });
      const fault = aimAt(engine, 'kill', { node: 'a' });
      await fault.prepare(soon());
      const before = { armed: {}, applied: await fault.baseline(soon()) };
      expect(before.applied.container?.door).toEqual({ address: `127.0.0.1:${port}`, answers: true });
      await fault.apply({ id: 'x', forMs: 60_000, signal: soon() });
      const open = await fault.prove(before, AbortSignal.timeout(300));
      expect(open.proven).toBe(false);
      expect(open.evidence).toContain(`but 127.0.0.1:${port} still accepts connections`);
      door.close();
      expect((await fault.prove(before, soon())).evidence).toContain(`127.0.0.1:${port} accepts no connection`);
    });
  });

  it('is not applied to a container that could not be started again', async () => {
    engine.add('a', { autoRemove: true });
    await expect(aimAt(engine, 'kill', { node: 'a' }).prepare(soon())).rejects.toThrow('a was started with --rm');
    engine.add('b', { restartPolicy: 'no' });
    await expect(aimAt(engine, 'kill', { node: 'b', restart: 'at-once' }).prepare(soon())).rejects.toThrow(
      "b has no restart policy, so nobody would restart it at once; use restart: 'at-end'",
    );
    engine.add('c', { status: 'exited' });
    await expect(aimAt(engine, 'kill', { node: 'c' }).prepare(soon())).rejects.toThrow('c does not run, it is exited');
    expect(engine.calls).toEqual([]);
  });

  it('lets the restart policy act when told so: the process is killed beside the engine', async () => {
    const container = engine.add('a', { restartPolicy: 'always' });
    engine.onProgram = (argv) => {
      expect(argv).toEqual(['sh', '-c', `kill -KILL ${container.pid}`]);
      container.restartCount++;
      container.startedAt = 'later';
      return { exitCode: 0, output: '' };
    };
    const fault = aimAt(engine, 'kill', { node: 'a', restart: 'at-once' });
    await fault.prepare(soon());
    const before = { armed: {}, applied: await fault.baseline(soon()) };
    await fault.apply({ id: 'x', forMs: 60_000, signal: soon() });
    const { evidence } = await fault.prove(before, soon());
    expect(evidence).toBe(`a (pid ${container.pid}) has ended, and was started again (1 restart)`);
    expect([...engine.containers.values()].map(({ name }) => name)).toEqual(['a']);
  });

  it('has nothing to undo in a container that vanished, and everything in one whose engine is stopped', async () => {
    engine.add('a');
    const fault = aimAt(engine, 'kill', { node: 'a' });
    await fault.prepare(soon());
    const step = fault.undoOf('x');
    engine.remove('a');
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: 'a is not there any more' });
    await engine.close();
    const result = await undo(step, soon());
    expect(result.clean).toBe(false);
    expect(result.evidence).toContain('no Docker engine answers at unix://');
    engine = await startFakeEngine();
  });

  it('waits for a health check that was good before', async () => {
    const container = engine.add('a', { health: 'healthy' });
    const fault = aimAt(engine, 'kill', { node: 'a' });
    await fault.prepare(soon());
    const step = fault.undoOf('x');
    container.health = 'starting';
    const early = await undo(step, AbortSignal.timeout(300));
    expect(early).toEqual({ clean: false, evidence: 'a runs, but its health is starting' });
    container.health = 'healthy';
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: 'a runs and is healthy' });
  });

  it('does not touch another container that took the name meanwhile', async () => {
    engine.add('a');
    const fault = aimAt(engine, 'kill', { node: 'a' });
    await fault.prepare(soon());
    engine.remove('a');
    engine.add('a');
    await expect(fault.apply({ id: 'x', forMs: 60_000, signal: soon() })).rejects.toThrow('no such container');
    expect([...engine.containers.values()][0]?.status).toBe('running');
  });
});
