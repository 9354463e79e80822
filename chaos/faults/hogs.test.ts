import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { antagonistsOf } from '../antagonist/find.ts';
import { scanResidue } from '../residue.ts';
import { type Supervised, soon, superviseProcess } from '../testing/supervised.ts';
import { undo } from '../undo.ts';
import { withinSafety } from './memory-hog.ts';

/** Faults that are processes of ours beside a node. */
let rig: Supervised;
let id: string;
beforeAll(async () => {
  rig = await superviseProcess();
});
afterAll(() => rig.end());
afterEach(async () => {
  await undo({ step: 'end-process', fault: id }, soon());
});

const how = () => {
  id = `stampede-test-${randomUUID()}`;
  return { id, forMs: 60_000, signal: soon() };
};

describe('the fault cpu-hog', () => {
  it('is proven by the CPU time of its loops, and is undone', async () => {
    const fault = rig.aim('cpu-hog', { node: 'node-1', loops: 2, nice: 19 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(true);
    expect(proof.evidence).toMatch(/^the loops had \d+% of a CPU/);
    expect(await scanResidue(rig.topology, soon())).toEqual([expect.stringMatching(`^busy-loops of ${id} still runs`)]);
    const result = await undo(fault.undoOf(id), soon());
    expect(result).toEqual({ clean: true, evidence: `no process of ${id} runs` });
    expect(await scanResidue(rig.topology, soon())).toEqual([]);
  });

  it('is not proven when its loops have ended', async () => {
    const fault = rig.aim('cpu-hog', { node: 'node-1', loops: 1, nice: 19 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    for (const { process: found } of antagonistsOf(id)) process.kill(found.pid, 'SIGKILL');
    await expect.poll(() => antagonistsOf(id)).toEqual([]);
    expect(await fault.prove(before, soon())).toEqual({ proven: false, evidence: 'the busy loops have ended' });
  });

  it('is not proven when its loops do not run', async () => {
    const fault = rig.aim('cpu-hog', { node: 'node-1', loops: 1, nice: 19 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    for (const { process: found } of antagonistsOf(id)) process.kill(found.pid, 'SIGSTOP');
    const proof = await fault.prove(before, AbortSignal.timeout(400));
    expect(proof.proven).toBe(false);
    expect((await undo(fault.undoOf(id), soon())).clean).toBe(true);
  });
});

describe('the fault memory-hog', () => {
  it('is proven by the memory its process holds, and is undone', async () => {
    const fault = rig.aim('memory-hog', { node: 'node-1', memoryMb: 64 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    const proof = await fault.prove(before, soon());
    expect(proof.proven).toBe(true);
    expect(proof.evidence).toMatch(/^a process holds \d+ MiB, \d+ MiB are left$/);
    expect(await undo(fault.undoOf(id), soon())).toEqual({ clean: true, evidence: `no process of ${id} runs` });
    expect(await fault.prove(before, soon())).toMatchObject({ proven: false, evidence: /has ended/ });
  });

  it('is not proven when its process has ended', async () => {
    const fault = rig.aim('memory-hog', { node: 'node-1', memoryMb: 8 });
    const before = await rig.baselines(fault);
    await fault.apply(how());
    for (const { process: found } of antagonistsOf(id)) process.kill(found.pid, 'SIGKILL');
    await expect.poll(() => antagonistsOf(id)).toEqual([]);
    const evidence = 'the process that held memory has ended';
    expect(await fault.prove(before, soon())).toEqual({ proven: false, evidence });
  });

  it('fills no more than half of what is free', () => {
    expect(withinSafety(500, 2_000)).toBe(500);
    expect(withinSafety(5_000, 2_001)).toBe(1_000);
  });
});
