import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scanResidue } from '../residue.ts';
import { undo } from '../undo.ts';
import { aimAt, fakeTopology, soon } from './testing-aim.ts';
import type { FakeContainer } from './testing-fake-container.ts';
import { type FakeEngine, startFakeEngine } from './testing-fake-engine.ts';
import { type FakeKernel, fakeKernel } from './testing-fake-kernel.ts';
import { injected } from './testing-injected.ts';

let engine: FakeEngine;
let kernel: FakeKernel;
let container: FakeContainer;

const address = (ip: string) => ({ Aliases: ['orders'], IPAddress: ip, IPAMConfig: { IPv4Address: ip } });

beforeEach(async () => {
  engine = await startFakeEngine();
  kernel = fakeKernel(engine);
  const networks = { shop: address('10.9.0.7') };
  container = engine.add('a', { networkMode: 'shop', networks, memory: 100 * 2 ** 20, memorySwap: 200 * 2 ** 20 });
  engine.add('b', { networkMode: 'shop', networks: { shop: address('10.9.0.8') } });
});
afterEach(() => engine.close());

/** What a fault may not change for good. To the engine a quota of -1 is none, as 0 is. */
function lasting({ memory, memorySwap, nanoCpus, cpuQuota, networks, status, labels }: FakeContainer) {
  const quota = Math.max(0, cpuQuota);
  return structuredClone({ memory, memorySwap, nanoCpus, quota, networks, status, labels });
}

const topology = () => fakeTopology(engine, { a: 'a' });
/** The engine takes the order, and does nothing. */
const swallow = (verb: string) => () => {
  engine.sabotage = (method, path) => (method === 'POST' && path.endsWith(verb) ? { status: 200 } : undefined);
};
const deafKernel = () => {
  kernel.works = false;
};

interface Case {
  kind: string;
  params?: Record<string, unknown>;
  proof: string | RegExp;
  /** Makes the fault not bite, though everything answers that it was done. */
  sabotage: () => void;
  unproven: string | RegExp;
  residue: (string | RegExp)[];
  undone: string;
}

const cases: Case[] = [
  {
    kind: 'pause',
    proof: 'a is paused, and uses no CPU time',
    sabotage: swallow('/pause'),
    unproven: 'a is not paused',
    residue: ['a is paused'],
    undone: 'a is running',
  },
  {
    kind: 'stop',
    params: { graceMs: 0 },
    proof: /^a \(pid \d+\) has ended with exit code 143$/,
    sabotage: swallow('/kill'),
    unproven: 'a still runs',
    residue: ['a is exited'],
    undone: 'a runs',
  },
  {
    kind: 'restart',
    params: { graceSec: 0 },
    proof: /^a was restarted: pid \d+ instead of \d+$/,
    sabotage: swallow('/restart'),
    unproven: /^a \(pid \d+\) was not restarted$/,
    residue: [],
    undone: 'a runs',
  },
  {
    kind: 'disconnect',
    proof: 'a is not in shop any more',
    sabotage: swallow('/disconnect'),
    unproven: 'a is still in shop',
    residue: ['a is not connected to shop'],
    undone: 'a is in shop as orders',
  },
  {
    kind: 'cpu-limit',
    params: { cpus: 0.2 },
    proof: /^a uses 0\.\d\d CPU, and was made to wait in 9 of 10 periods$/,
    sabotage: swallow('/update'),
    unproven: /^a uses 0\.\d\d CPU, and has no limit$/,
    residue: [],
    undone: 'a has the limits it had',
  },
  {
    kind: 'memory-limit',
    params: { memoryMiB: 50 },
    proof: 'a uses 48 of 50 MiB',
    sabotage: swallow('/update'),
    unproven: 'a has another limit than 50 MiB: 100 MiB',
    residue: [],
    undone: 'a has the limits it had, and runs',
  },
  {
    kind: 'oom',
    proof: /^a \(pid \d+\) was ended by the kernel for want of memory$/,
    sabotage: deafKernel,
    unproven: 'a was not ended for want of memory',
    residue: ['a is exited'],
    undone: 'a has the limits it had, and runs',
  },
  {
    kind: 'rate',
    params: { kbPerSec: 400 },
    proof: 'a sends 100 KB/s, and packets had to wait 100 times',
    sabotage: deafKernel,
    unproven: 'a has no limit any more',
    residue: ['a rate limit of ours on a', /^helper container .* of fault stampede-test beside a$/],
    undone: 'no rule of ours is left in the network of a',
  },
  {
    kind: 'packet-loss',
    params: { percent: 50 },
    proof: 'a lost 50 of 100 packets (50 %)',
    sabotage: deafKernel,
    unproven: 'no packet of a was seen by the rules',
    residue: ['a rule of fault stampede-test in the network of a', /^helper container/],
    undone: 'no rule of ours is left in the network of a',
  },
  {
    kind: 'reject',
    params: { port: 80 },
    proof: /^a: \d+ packets refused$/,
    sabotage: deafKernel,
    unproven: 'nobody has tried to reach a',
    residue: ['a rule of fault stampede-test in the network of a', /^helper container/],
    undone: 'no rule of ours is left in the network of a',
  },
  {
    kind: 'partition',
    params: { from: 'a', to: 'b' },
    proof: /^a\|b: 10\.9\.0\.8 does not answer, \d+ packets were lost$/,
    sabotage: deafKernel,
    unproven: 'a|b: 10.9.0.8 still answers',
    residue: ['a rule of fault stampede-test in the network of a', /^helper container/],
    undone: 'no rule of ours is left in the network of a',
  },
  {
    kind: 'disk-write-limit',
    params: { kbPerSec: 1_000 },
    proof: 'a needs 1.00 s for a direct write of 1000 KB, 0.01 s before',
    sabotage: deafKernel,
    unproven: 'a needs 0.01 s for a direct write of 1000 KB, 0.01 s before',
    residue: [/^helper container/],
    undone: 'a may write as much as it can',
  },
];

describe.each(cases)(
  'the fault $kind on a container',
  ({ kind, params = {}, proof, sabotage, unproven, residue, undone }) => {
    const aim = () => aimAt(engine, kind, kind === 'partition' ? params : { node: 'a', ...params });
    const is = (text: string | RegExp) => (typeof text === 'string' ? text : expect.stringMatching(text));

    it('is proven, stays proven, is found by the scan, and is undone exactly', async () => {
      const was = lasting(container);
      const { fault, step, before } = await injected(aim());
      expect(await fault.prove(before, soon())).toEqual({ proven: true, evidence: is(proof) });
      expect((await fault.prove(before, soon())).proven).toBe(true);
      expect(await scanResidue(topology(), soon())).toEqual(residue.map(is));
      expect(await undo(step, soon())).toEqual({ clean: true, evidence: undone });
      expect(await undo(step, soon())).toEqual({ clean: true, evidence: undone });
      expect(await scanResidue(topology(), soon())).toEqual([]);
      expect(lasting(container)).toEqual(was);
      expect([...engine.containers.values()].map(({ name }) => name)).toEqual(['a', 'b']);
    });

    it('is not proven when it does not bite', async () => {
      sabotage();
      const { fault, step, before } = await injected(aim());
      expect(await fault.prove(before, AbortSignal.timeout(1_000))).toEqual({ proven: false, evidence: is(unproven) });
      engine.sabotage = () => undefined;
      expect((await undo(step, soon())).clean).toBe(true);
    });

    it('is over, and clean, when its container vanishes mid-fault', async () => {
      const { fault, step, before } = await injected(aim());
      engine.remove('a');
      const after = await fault
        .prove(before, AbortSignal.timeout(1_000))
        .catch((error: Error) => ({ proven: false, error }));
      expect(after.proven).toBe(kind === 'stop');
      expect(await undo(step, soon())).toEqual({ clean: true, evidence: 'a is not there any more' });
      expect([...engine.containers.values()].map(({ name }) => name)).toEqual(['b']);
    });

    it('is not applied when the engine does not answer, and its undo waits for the engine', async () => {
      const fault = aim();
      await fault.prepare(soon());
      const step = fault.undoOf('stampede-test');
      await engine.close();
      await expect(fault.apply({ id: 'stampede-test', forMs: 1_000, signal: soon() })).rejects.toThrow(
        'no Docker engine answers at',
      );
      expect((await undo(step, soon())).clean).toBe(false);
      await expect(aim().prepare(soon())).rejects.toThrow('no Docker engine answers at');
      engine = await startFakeEngine();
    });
  },
);

describe('a fault on a container', () => {
  it('is undone though its container ended a moment ago, and the engine has not noticed', async () => {
    const { step } = await injected(aimAt(engine, 'oom', { node: 'a' }));
    let refused = 0;
    engine.sabotage = (method, path) => {
      if (method !== 'POST' || !path.endsWith('/update') || refused > 1) return undefined;
      refused += 1;
      return { status: 500, message: 'Cannot update container: cannot update a stopped container: unknown' };
    };
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: 'a has the limits it had, and runs' });
    expect(refused).toBe(2);
  });

  it('is refused where it would take nothing', async () => {
    engine.add('small', { nanoCpus: 5e8, memory: 32 * 2 ** 20 });
    await expect(aimAt(engine, 'cpu-limit', { node: 'small', cpus: 1 }).prepare(soon())).rejects.toThrow(
      'small may use 0.5 CPU already: a limit of 1 takes nothing from it',
    );
    await expect(aimAt(engine, 'memory-limit', { node: 'small', memoryMiB: 64 }).prepare(soon())).rejects.toThrow(
      'small may use 32 MiB already: a limit of 64 takes nothing from it',
    );
  });

  it('needs to know which network', async () => {
    engine.add('two', { networks: { front: address('10.1.0.1'), back: address('10.2.0.1') } });
    await expect(aimAt(engine, 'disconnect', { node: 'two' }).prepare(soon())).rejects.toThrow(
      'two is in front and back: say which with network',
    );
    await expect(aimAt(engine, 'disconnect', { node: 'two', network: 'bakc' }).prepare(soon())).rejects.toThrow(
      "two is in no network 'bakc'. Did you mean back?",
    );
  });

  it('is refused, before anything is applied, by a kernel that cannot do it', async () => {
    kernel.lacks = ['tbf'];
    await expect(aimAt(engine, 'rate', { node: 'a', kbPerSec: 400 }).prepare(soon())).rejects.toThrow(
      /cannot do this \(tbf: Specified qdisc kind is unknown\.\); nothing was applied$/,
    );
    expect(kernel.rateLimited).toBe(false);
  });

  it('says how to come by the image that has the tools', async () => {
    engine.images.clear();
    await expect(aimAt(engine, 'reject', { node: 'a' }).prepare(soon())).rejects.toThrow(
      "the engine has no image 'stampede-tools', whose tools this needs: docker build -t stampede-tools chaos/docker/tools",
    );
  });

  it('gives back CPUs by the way they were limited, and takes nobody else’s aliases away', async () => {
    const limited = engine.add('limited', { nanoCpus: 2e9 });
    const cpu = await injected(aimAt(engine, 'cpu-limit', { node: 'limited', cpus: 0.5 }));
    expect(limited.nanoCpus).toBe(5e8);
    expect((await undo(cpu.step, soon())).clean).toBe(true);
    expect([limited.nanoCpus, limited.cpuQuota]).toEqual([2e9, 0]);

    const net = await injected(aimAt(engine, 'disconnect', { node: 'a' }));
    // Somebody was quicker, and did not know its names.
    container.networks.shop = { Aliases: [], IPAddress: '10.9.0.99', IPAMConfig: null };
    expect(await undo(net.step, soon())).toEqual({ clean: true, evidence: 'a is in shop as orders' });
    expect(container.networks.shop).toEqual(address('10.9.0.7'));
  });

  it('does not unpause what somebody else paused in a container started anew', async () => {
    const { step } = await injected(aimAt(engine, 'pause', { node: 'a' }));
    container.startedAt = 'later';
    expect(await undo(step, soon())).toEqual({
      clean: true,
      evidence: 'a was started anew since, and paused by somebody else',
    });
    expect(container.status).toBe('paused');
  });

  it('is not on a process, nor between a thing and itself', () => {
    const aim = () => aimAt(engine, 'partition', { from: 'a', to: 'a' });
    expect(aim).toThrow("'a' is on both sides: nothing is cut off from itself");
  });

  it('has a problem, not a crash, with an address that cannot be an engine’s', () => {
    expect(() => aimAt({ address: 'ssh://host' }, 'cpu-limit', { node: 'a', cpus: 1 })).toThrow(
      "expected an address such as unix:///var/run/docker.sock or tcp://host:2375, got 'ssh://host'",
    );
  });
});
