import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scanResidue } from '../residue.ts';
import { undo } from '../undo.ts';
import { aimAt, fakeTopology, soon } from './testing-aim.ts';
import { TEST_IMAGE } from './testing-image.ts';
import { injected, untilAnswers } from './testing-injected.ts';
import { canRunEngine, PREFIX, type RealEngine, realEngine } from './testing-real-engine.ts';

/** Faults on real containers of a real engine; what they did is seen by Docker's own program and over TCP. */
describe.skipIf(!canRunEngine())('on a real engine', () => {
  let engine: RealEngine;

  beforeAll(async () => {
    engine = await realEngine();
  });
  afterEach(() => engine.tidy());
  afterAll(async () => engine?.close());

  const serve = ['httpd', '-f', '-p', '80'];
  const busy = ['sh', '-c', 'while :; do :; done'];
  const exposed = ['--expose', '80'];

  const ipOf = (name: string, network = 'bridge') =>
    engine.docker('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);
  const look = (name: string, what: string) => engine.docker('inspect', '-f', `{{${what}}}`, name);
  const residue = (name: string) => scanResidue(fakeTopology(engine, { [name]: name }), soon());

  it('kill: ended though its policy is to restart it always, and started again by the undo', async () => {
    const name = engine.run([...exposed, '--restart', 'always'], serve);
    await untilAnswers(ipOf(name));
    const fault = aimAt(engine, 'kill', { node: name });
    const { step, before } = await injected(fault);
    const proof = await fault.prove(before, soon());
    expect(proof.evidence).toMatch(/has ended with exit code 137, and .*:80 accepts no connection$/);
    expect(proof.proven).toBe(true);
    expect(await residue(name)).toEqual([`${name} is exited`]);
    // Somebody starts it before its time: the effect is over, and that is seen.
    engine.docker('start', name);
    expect((await fault.prove(before, AbortSignal.timeout(2_000))).proven).toBe(false);
    engine.docker('kill', name);
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: `${name} runs` });
    expect(look(name, '.State.Running')).toBe('true');
    expect(await residue(name)).toEqual([]);
  });

  it('kill at once: the restart policy sees a crash', async () => {
    const name = engine.run(['--restart', 'always'], serve);
    const fault = aimAt(engine, 'kill', { node: name, restart: 'at-once' });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).proven).toBe(true);
    expect((await undo(step, soon())).clean).toBe(true);
    expect(Number(look(name, '.RestartCount'))).toBe(1);
  });

  it('pause: connections are accepted and not answered', async () => {
    const name = engine.run(exposed, serve);
    await untilAnswers(ipOf(name));
    const fault = aimAt(engine, 'pause', { node: name });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).evidence).toContain(
      `is paused, and does not answer at ${ipOf(name)}:80`,
    );
    expect(await residue(name)).toEqual([`${name} is paused`]);
    engine.docker('unpause', name);
    expect((await fault.prove(before, AbortSignal.timeout(500))).evidence).toBe(`${name} is not paused`);
    engine.docker('pause', name);
    expect((await undo(step, soon())).clean).toBe(true);
    await untilAnswers(ipOf(name));
    expect(await residue(name)).toEqual([]);
  });

  it('pause without a door: the CPU time of a busy container stands still', async () => {
    const name = engine.run([], busy);
    const fault = aimAt(engine, 'pause', { node: name });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).evidence).toBe(`${name} is paused, and uses no CPU time`);
    expect((await undo(step, soon())).clean).toBe(true);
  });

  it('stop: killed after its grace when it does not listen', async () => {
    const name = engine.run([...exposed, '--restart', 'always'], serve);
    await untilAnswers(ipOf(name));
    const fault = aimAt(engine, 'stop', { node: name, graceMs: 500 });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).evidence).toContain('has ended with exit code 137');
    expect((await undo(step, soon())).clean).toBe(true);
    expect(look(name, '.State.Running')).toBe('true');
  });

  it('stop: the undo of one that is only about to end waits, and starts it after all', async () => {
    const name = engine.run([], ['sh', '-c', 'trap "sleep 1; exit 0" TERM; while :; do sleep 0.1; done']);
    await sleep(300);
    const { step } = await injected(aimAt(engine, 'stop', { node: name, graceMs: 5_000 }));
    expect((await undo(step, soon())).clean).toBe(true);
    await sleep(1_500);
    expect(look(name, '.State.Running')).toBe('true');
  });

  it('restart: another process', async () => {
    const name = engine.run([], ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done']);
    const pid = look(name, '.State.Pid');
    const fault = aimAt(engine, 'restart', { node: name, graceSec: 1 });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).evidence).toMatch(new RegExp(`instead of ${pid}$`));
    expect((await undo(step, soon())).clean).toBe(true);
    expect(look(name, '.State.Pid')).not.toBe(pid);
  });

  it('disconnect: back in its network with its names and its static address', async () => {
    const network = `${PREFIX}-${process.pid}-net`;
    engine.docker('network', 'create', '--subnet', '10.231.7.0/24', network);
    const options = ['--network', network, '--network-alias', 'shard0', '--ip', '10.231.7.77', ...exposed];
    const name = engine.run(options, serve);
    const other = engine.run(['--network', network], ['sleep', '1000']);
    await untilAnswers('10.231.7.77');
    const fault = aimAt(engine, 'disconnect', { node: name });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).evidence).toBe(
      `${name} is not in ${network} any more, and 10.231.7.77:80 accepts no connection`,
    );
    expect(() => engine.docker('exec', other, 'nslookup', 'shard0')).toThrow();
    expect(await residue(name)).toEqual([`${name} is not connected to ${network}`]);
    // Somebody connects it without its names: no effect any more, and not clean either.
    engine.docker('network', 'connect', network, name);
    expect((await fault.prove(before, AbortSignal.timeout(500))).proven).toBe(false);
    expect((await undo(step, soon())).evidence).toBe(`${name} is in ${network} as shard0`);
    expect(engine.docker('exec', other, 'nslookup', 'shard0')).toContain('10.231.7.77');
    await untilAnswers('10.231.7.77');
    expect(await residue(name)).toEqual([]);
  });

  it.each([
    ['without a limit', [], '0 -1'],
    ['with --cpus', ['--cpus', '1.5'], '1500000000 0'],
    ['with --cpu-quota', ['--cpu-quota', '150000'], '0 150000'],
  ])('cpu-limit on a container %s: throttled, and given back what it had', async (_, options, had) => {
    const name = engine.run(options, busy);
    const fault = aimAt(engine, 'cpu-limit', { node: name, cpus: 0.05 });
    const { step, before } = await injected(fault);
    const proof = await fault.prove(before, soon());
    expect(proof.evidence).toMatch(/uses 0\.\d\d CPU, and was made to wait in \d+ of \d+ periods/);
    expect(proof.proven).toBe(true);
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: `${name} has the limits it had` });
    expect(engine.docker('inspect', '-f', '{{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}}', name)).toBe(had);
    expect((await fault.prove(before, AbortSignal.timeout(5_000))).proven).toBe(false);
  });

  it('cpu-limit on an idle container: no effect', async () => {
    const name = engine.run([], ['sleep', '1000']);
    const fault = aimAt(engine, 'cpu-limit', { node: name, cpus: 0.05 });
    const { step, before } = await injected(fault);
    const { proven, evidence } = await fault.prove(before, AbortSignal.timeout(5_000));
    expect([proven, evidence]).toEqual([false, expect.stringContaining('wants no more')]);
    expect((await undo(step, soon())).clean).toBe(true);
  });

  it.each([
    ['without a limit', [], undefined],
    ['with a limit', ['--memory', '256m', '--memory-swap', '300m'], '268435456 314572800'],
  ])('memory-limit on a container %s: at its limit, and given back what it had', async (_, options, had) => {
    const name = engine.run(options, ['sh', '-c', 'dd if=/dev/zero of=/dev/shm/x bs=1M count=28; sleep 1000']);
    await sleep(500);
    const fault = aimAt(engine, 'memory-limit', { node: name, memoryMiB: 30 });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).evidence).toMatch(/uses \d\d of 30 MiB/);
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: `${name} has the limits it had, and runs` });
    if (had)
      expect(engine.docker('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}', name)).toBe(had);
    expect(engine.docker('exec', name, 'sh', '-c', 'dd if=/dev/zero of=/dev/shm/y bs=1M count=30')).toBe('');
    expect((await fault.prove(before, AbortSignal.timeout(3_000))).evidence).toContain('has another limit than 30 MiB');
  });

  it('memory-limit that is never reached: no effect', async () => {
    const name = engine.run([], ['sleep', '1000']);
    const fault = aimAt(engine, 'memory-limit', { node: name, memoryMiB: 64 });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, AbortSignal.timeout(5_000))).evidence).toContain(
      'does not come near to its limit',
    );
    expect((await undo(step, soon())).clean).toBe(true);
  });

  it.each([
    ['nobody restarts', []],
    ['its policy restarts', ['--restart', 'always']],
  ])('oom of a container that %s: ended by the kernel', async (_, options) => {
    const name = engine.run(options, ['sh', '-c', 'while :; do sleep 0.1; done']);
    const fault = aimAt(engine, 'oom', { node: name });
    const { step, before } = await injected(fault);
    const { proven, evidence } = await fault.prove(before, soon());
    expect([proven, evidence]).toEqual([true, expect.stringContaining('for want of memory')]);
    if (options.length === 0) expect(look(name, '.State.OOMKilled')).toBe('true');
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: `${name} has the limits it had, and runs` });
    expect(look(name, '.State.Running')).toBe('true');
  });

  it('disk-write-limit: a direct write takes its time, and the limit that was there comes back', async () => {
    const name = engine.run([], ['sleep', '1000']);
    const timed = () => {
      const startedMs = performance.now();
      engine.docker('exec', name, 'dd', 'if=/dev/zero', 'of=/x', 'bs=64k', 'count=32', 'oflag=direct');
      return performance.now() - startedMs;
    };
    const fault = aimAt(engine, 'disk-write-limit', { node: name, kbPerSec: 1_000 });
    const { step, before } = await injected(fault);
    const { proven, evidence } = await fault.prove(before, soon());
    expect([proven, evidence]).toEqual([
      true,
      expect.stringMatching(/needs [01]\.\d\d s for a direct write of 1000 KB/),
    ]);
    // 2 MB, by the container itself.
    expect(timed()).toBeGreaterThan(1_500);
    expect(await residue(name)).toEqual([expect.stringMatching(/^helper container .* of fault stampede-test beside/)]);
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: `${name} may write as much as it can` });
    expect((await fault.prove(before, AbortSignal.timeout(3_000))).proven).toBe(false);
    expect(await residue(name)).toEqual([]);
  });

  it('disk-write-limit on a container that has one already: given back', async () => {
    const device = engine.docker('run', '--rm', '-v', '/:/host:ro', TEST_IMAGE, 'stat', '-c', '%d', '/host');
    const [major, minor] = [(Number(device) >> 8) & 4095, Number(device) & 255];
    const path = realpathSync(`/sys/dev/block/${major}:${minor}`).split('/').pop();
    const name = engine.run(['--device-write-bps', `/dev/${path}:2mb`], ['sleep', '1000']);
    const fault = aimAt(engine, 'disk-write-limit', { node: name, kbPerSec: 500 });
    const { step, before } = await injected(fault);
    expect((await fault.prove(before, soon())).proven).toBe(true);
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: `${name} may write 2097.152 KB/s` });
  });

  it('a container that vanishes mid-fault leaves nothing to undo', async () => {
    const name = engine.run([], busy);
    const fault = aimAt(engine, 'pause', { node: name });
    const { step, before } = await injected(fault);
    engine.docker('rm', '-f', name);
    expect((await fault.prove(before, soon())).evidence).toBe(`${name} is not there any more, not paused`);
    expect(await undo(step, soon())).toEqual({ clean: true, evidence: `${name} is not there any more` });
  });
});
