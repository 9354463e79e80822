import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendSignal, treeOf } from '../process-tree.ts';
import { scanResidue } from '../residue.ts';
import { type Supervised, soon, superviseProcess } from '../testing/supervised.ts';
import { undo } from '../undo.ts';

/** Faults on a process, under the reference target's own supervisor. The process has a child that leads a session. */
let rig: Supervised;
beforeAll(async () => {
  rig = await superviseProcess({ CHILD: '1', ORDERLY: '1' });
});
afterAll(() => rig.end());

const how = () => ({ id: 'x', forMs: 60_000, signal: soon() });
const states = () => treeOf(rig.node.lastPid ?? 0).map(({ state }) => state === 'T');

describe('the fault kill', () => {
  it('ends the whole tree, keeps it dead, and starts it again', async () => {
    const fault = rig.aim('kill', { node: 'node-1' });
    const before = await rig.baselines(fault);
    const tree = treeOf(before.applied.pid ?? 0).map(({ pid }) => pid);
    expect(tree).toHaveLength(2);
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof).toEqual({ proven: true, evidence: `node-1 (pid ${before.applied.pid}) is gone` });
    expect(tree.flatMap((pid) => treeOf(pid))).toEqual([]);
    expect(rig.node.status().state).toBe('held');
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });

  it('takes another signal', async () => {
    const fault = rig.aim('kill', { node: 'node-1', signal: 'SIGQUIT', restart: 'at-once' });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    expect((await fault.prove(before, soon())).proven).toBe(true);
    expect(rig.node.status().lastExit).toEqual({ code: null, signal: 'SIGQUIT' });
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });
});

describe('the fault terminate', () => {
  it('tells that the process ended in good order, keeps it dead, and starts it again', async () => {
    const fault = rig.aim('terminate', { node: 'node-1' });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const evidence = `node-1 (pid ${before.applied.pid}) is gone: it ended by itself, exit code 0`;
    expect(await fault.prove(before, soon())).toEqual({ proven: true, evidence });
    expect(rig.node.status().state).toBe('held');
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });

  it('kills a process that does not listen when its time is over, and says so', async () => {
    const deaf = await superviseProcess({ DEAF: '1' });
    try {
      const fault = deaf.aim('terminate', { node: 'node-1', graceMs: 150 });
      const before = await deaf.baselines(fault);
      await fault.apply(how());
      const proof = await fault.prove(before, soon());
      expect(proof.proven).toBe(true);
      expect(proof.evidence).toMatch(/is gone: it had not ended 150 ms later, and was killed$/);
    } finally {
      await deaf.end();
    }
  });

  it('is not proven while the process lives', async () => {
    const fault = rig.aim('terminate', { node: 'node-1' });
    const proof = await fault.prove(await rig.baselines(fault), AbortSignal.timeout(200));
    expect(proof).toEqual({ proven: false, evidence: `node-1 (pid ${rig.node.lastPid}) still runs` });
  });
});

describe('the fault pause', () => {
  it('stops the whole tree, is proven by silence, and is undone', async () => {
    const fault = rig.aim('pause', { node: 'node-1' });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    await expect.poll(states).toEqual([true, true]);
    expect(await fault.prove(before, soon())).toEqual({
      proven: true,
      evidence: `node-1: 2 processes stopped (pid ${before.applied.pid}), a new connection gets no answer`,
    });
    expect(await scanResidue(rig.topology, soon())).toEqual(['node-1 is paused']);
    const result = await undo(fault.undoOf('x'), soon());
    expect(result).toEqual({ clean: true, evidence: `node-1 is ready again (pid ${before.applied.pid})` });
    await expect.poll(states).toEqual([false, false]);
  });

  it('is not proven when one process of the tree runs on', async () => {
    const fault = rig.aim('pause', { node: 'node-1' });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    sendSignal(treeOf(before.applied.pid ?? 0)[1]?.pid ?? 0, 'SIGCONT');
    const proof = await fault.prove(before, AbortSignal.timeout(800));
    expect(proof).toEqual({ proven: false, evidence: 'node-1: 1 of 2 processes are not stopped' });
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });

  it('ends by itself when nobody undoes it', async () => {
    rig.node.pause(200);
    await expect.poll(states).toEqual([true, true]);
    await expect.poll(() => rig.node.status().state, { timeout: 5_000 }).toBe('ready');
    await expect.poll(states).toEqual([false, false]);
  });

  it('is undone by signals when the supervisor is gone', async () => {
    const fault = rig.aim('pause', { node: 'node-1' });
    await rig.baselines(fault);
    const step = fault.undoOf('x');
    await fault.apply(how());
    if (step.step !== 'resume-node') throw new Error(`another step: ${step.step}`);
    const result = await undo({ ...step, control: 'http://127.0.0.1:1' }, soon());
    expect(result.clean).toBe(true);
    expect(result.evidence).toContain('no process of node-1 is stopped');
    await expect.poll(states).toEqual([false, false]);
    expect((await undo(step, soon())).clean).toBe(true);
  });
});

describe('the fault restart-loop', () => {
  it('is proven by lives that came and went, and is undone', async () => {
    const fault = rig.aim('restart-loop', { node: 'node-1', everyMs: 700 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(true);
    expect(proof.evidence).toMatch(/^node-1 came and went [2-9] times/);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
    await sleep(50);
    expect(rig.node.ordersLeftMs['restart-loop']).toBe(0);
  });

  it('is not proven by one death', async () => {
    const fault = rig.aim('restart-loop', { node: 'node-1', everyMs: 60_000 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const proof = await fault.prove(before, AbortSignal.timeout(300));
    expect(proof).toMatchObject({ proven: false, evidence: /did not go down twice/ });
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });
});

describe('the fault slow-start', () => {
  it('is proven by the time without a process, and is undone before that is over', async () => {
    const fault = rig.aim('slow-start', { node: 'node-1', delayMs: 600 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(true);
    expect(proof.evidence).toMatch(/was gone for \d+ ms and (still is|then came back)/);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });

  it('is not proven when the node comes back at once', async () => {
    const fault = rig.aim('slow-start', { node: 'node-1', delayMs: 5_000 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    rig.node.endSlowStart();
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(false);
    expect(proof.evidence).toMatch(/and then came back \(pid \d+\): not 5000 ms later than usual$/);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });
});

describe('the orders of the supervisor', () => {
  const send = async (method: string, path: string, body: object) => {
    const response = await fetch(`${rig.control}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [response.status, await response.text()] as const;
  };

  it('are refused when they make no sense, and change nothing', async () => {
    expect(await send('PUT', '/nodes/node-1/pause', { ttlMs: 0 })).toEqual([400, expect.stringContaining('ttlMs')]);
    expect(await send('PUT', '/nodes/node-1/restart-loop', { ttlMs: 9 })).toEqual([
      400,
      expect.stringContaining('everyMs'),
    ]);
    expect(await send('PUT', '/nodes/node-2/pause', { ttlMs: 9 })).toEqual([
      404,
      expect.stringContaining('no node is called'),
    ]);
    expect(rig.node.status().state).toBe('ready');
  });

  it('end by themselves when nobody ends them', async () => {
    const orders = () => rig.node.ordersLeftMs;
    expect((await send('PUT', '/nodes/node-1/restart-loop', { everyMs: 60_000, ttlMs: 200 }))[0]).toBe(200);
    await expect.poll(() => rig.node.status().state).not.toBe('ready');
    expect(orders()['restart-loop']).toBeGreaterThan(0);
    await expect.poll(() => rig.node.status().state, { timeout: 5_000 }).toBe('ready');
    expect((await send('PUT', '/nodes/node-1/slow-start', { delayMs: 600_000, ttlMs: 200 }))[0]).toBe(200);
    process.kill(rig.node.lastPid ?? 0, 'SIGKILL');
    await expect.poll(() => rig.node.status().state).toBe('down');
    await expect.poll(() => rig.node.status().state, { timeout: 5_000 }).toBe('ready');
    expect(orders()).toEqual({ hold: 0, pause: 0, 'restart-loop': 0, 'slow-start': 0 });
  });

  it('are refused for a node that has no process', async () => {
    const fault = rig.aim('kill', { node: 'node-1' });
    await fault.apply(how());
    await expect.poll(() => rig.node.status().state).toBe('held');
    const refused = [409, expect.stringContaining('node-1 has no process, its state is held')];
    expect(await send('PUT', '/nodes/node-1/pause', { ttlMs: 9_000 })).toEqual(refused);
    expect(await send('POST', '/nodes/node-1/terminate', { graceMs: 0, ttlMs: 9_000 })).toEqual(refused);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });
});
