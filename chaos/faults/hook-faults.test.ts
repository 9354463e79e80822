import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activeHooks, beginHook, endHook } from '../fault-hooks.ts';
import { roundTrip } from '../probe.ts';
import { scanResidue } from '../residue.ts';
import { type Supervised, soon, superviseCache } from '../testing/supervised.ts';
import { undo } from '../undo.ts';

/** Faults through the fault hooks of a role of the reference target: its cache, under its supervisor. */
let rig: Supervised;
beforeAll(async () => {
  rig = await superviseCache();
});
afterAll(() => rig.end());

const how = () => ({ id: 'x', forMs: 60_000, signal: soon() });
const hooks = () => rig.topology.nodes[0]?.hooks ?? '';
const reach = (name: string) => ({ hooks: hooks(), control: rig.control, node: 'node-1', name });

/** What the cache answers to words, one answer a line. */
function say(...lines: string[]): Promise<string> {
  const [host = '', port] = (rig.topology.nodes[0]?.listens?.address ?? '').split(':');
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect({ host, port: Number(port) }, () => socket.write([...lines, 'QUIT', ''].join('\r\n')));
    socket.on('data', (chunk) => {
      heard += String(chunk);
    });
    socket.on('close', () => resolve(heard.replace(/\+OK\r\n$/, '').trim()));
    socket.on('error', reject);
  });
}

describe('the fault clock-skew', () => {
  it('is proven by the Date header, changes what has expired, and is undone', async () => {
    const fault = rig.aim('clock-skew', { node: 'node-1', skewMs: 3_600_000 });
    const before = await rig.baselines(fault);
    expect(await say('SET basket full EX 60', 'GET basket')).toBe('+OK\r\n$4\r\nfull');
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(true);
    expect(proof.evidence).toMatch(/^the Date header of node-1 is (3599|360[01]) s ahead$/);
    expect(await say('GET basket')).toBe('$-1');
    expect(await undo(fault.undoOf('x'), soon())).toEqual({ clean: true, evidence: 'clock-skew is off in node-1' });
    expect((await fault.prove(before, AbortSignal.timeout(150))).proven).toBe(false);
  });

  it('is not proven when the clock is off by something else', async () => {
    const fault = rig.aim('clock-skew', { node: 'node-1', skewMs: -60_000 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    await beginHook(hooks(), 'clock-skew', { skewMs: -30_000, ttlMs: 60_000 }, soon());
    const proof = await fault.prove(before, AbortSignal.timeout(800));
    expect(proof.proven).toBe(false);
    expect(proof.evidence).toMatch(/^the Date header of node-1 is (29|30|31) s behind$/);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
  });
});

describe('the fault event-loop-block', () => {
  it('is proven by slow answers among quick ones, and is undone', async () => {
    const fault = rig.aim('event-loop-block', { node: 'node-1', blockMs: 200, everyMs: 400 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(true);
    expect(proof.evidence).toMatch(/^node-1 answers \/livez after \d+ ms and \d+ ms, \d+ times quickly/);
    expect(await scanResidue(rig.topology, soon())).toEqual([
      'fault hook event-loop-block {"blockMs":200,"everyMs":400} is on in node-1',
    ]);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
    expect(await scanResidue(rig.topology, soon())).toEqual([]);
  });

  it('is not proven when the hook is off', async () => {
    const fault = rig.aim('event-loop-block', { node: 'node-1', blockMs: 5_000, everyMs: 10_000 });
    const before = await rig.baselines(fault);
    const proof = await fault.prove(before, AbortSignal.timeout(300));
    expect(proof.proven).toBe(false);
    expect(proof.evidence).toMatch(/^node-1 kept 0 of \d+ questions waiting for 5000 ms$/);
  });

  it('ends by itself, though it is blocked nearly all the time', async () => {
    await beginHook(hooks(), 'event-loop-block', { blockMs: 99, everyMs: 100, ttlMs: 300 }, soon());
    await expect.poll(() => activeHooks(hooks(), soon()), { timeout: 5_000 }).toEqual([]);
  });
});

describe('the fault fd-exhaustion', () => {
  it('is proven by connections that fail, and is undone though none can be made', async () => {
    const fault = rig.aim('fd-exhaustion', { node: 'node-1' });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(true);
    // The connection by which it was told has left one behind for a moment.
    const evidence = new RegExp(
      `^node-1 \\(pid ${before.applied.pid}\\) left [23] of 3 new connections without an answer$`,
    );
    expect(proof.evidence).toMatch(evidence);
    const asked = () => activeHooks(hooks(), soon()).catch(String);
    await expect.poll(asked).toMatch(/could not be asked|did not answer in time/);
    const residue = [expect.stringContaining('could not be looked at')];
    await expect.poll(() => scanResidue(rig.topology, soon())).toEqual(residue);
    expect(await undo(fault.undoOf('x'), soon())).toEqual({ clean: true, evidence: 'descriptors is off in node-1' });
    expect(rig.node.lastPid).toBe(before.applied.pid);
  });

  it('is not proven when the descriptors are given back', async () => {
    const fault = rig.aim('fd-exhaustion', { node: 'node-1' });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    await endHook(reach('descriptors'), soon());
    await expect.poll(() => activeHooks(hooks(), soon()).catch(() => 'no answer')).toEqual([]);
    const proof = await fault.prove(before, AbortSignal.timeout(300));
    expect(proof).toEqual({
      proven: false,
      evidence: `node-1 (pid ${before.applied.pid}) left 0 of 3 new connections without an answer`,
    });
  });

  it('ends by itself', async () => {
    await beginHook(hooks(), 'descriptors', { leave: 0, ttlMs: 1_200 }, soon());
    const asked = () => activeHooks(hooks(), soon()).catch(() => 'no answer');
    await expect.poll(asked, { interval: 20 }).toBe('no answer');
    await expect.poll(asked, { timeout: 5_000 }).toEqual([]);
    const address = new URL(rig.topology.nodes[0]?.ops ?? '').host;
    expect(await roundTrip(address, 'http', soon())).toBeGreaterThan(0);
  });
});

describe('fault hooks', () => {
  it('refuse what makes no sense, and begin nothing', async () => {
    const asked = beginHook(hooks(), 'event-loop-block', { blockMs: 10, everyMs: 10, ttlMs: 10 }, soon());
    await expect(asked).rejects.toThrow(/400 .*blockMs must be less than everyMs/);
    await expect(beginHook(hooks(), 'clock-skew', { skewMs: 5 }, soon())).rejects.toThrow(/400 .*ttlMs/);
    expect(await activeHooks(hooks(), soon())).toEqual([]);
  });

  it('are off again in a process that was started anew', async () => {
    const fault = rig.aim('kill', { node: 'node-1', restart: 'at-once' });
    const before = await rig.baselines(fault);
    await beginHook(hooks(), 'clock-skew', { skewMs: 60_000, ttlMs: 60_000 }, soon());
    await fault.apply(how());
    expect((await fault.prove(before, soon())).proven).toBe(true);
    expect((await undo(fault.undoOf('x'), soon())).clean).toBe(true);
    expect(await activeHooks(hooks(), soon())).toEqual([]);
  });
});
