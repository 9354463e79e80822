import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scanResidue } from '../residue.ts';
import { undo } from '../undo.ts';
import { netCapabilities } from './capabilities.ts';
import { openEngine } from './docker-client.ts';
import { aimAt, fakeTopology, soon } from './testing-aim.ts';
import { TEST_IMAGE } from './testing-image.ts';
import { injected, untilAnswers } from './testing-injected.ts';
import { canRunEngine, PREFIX, type RealEngine, realEngine } from './testing-real-engine.ts';

/** Rules in the networks of real containers, by the kernel of this machine. */
describe.skipIf(!canRunEngine())('in the network of a container', () => {
  let engine: RealEngine;

  beforeAll(async () => {
    engine = await realEngine();
  });
  afterEach(() => engine.tidy());
  afterAll(async () => engine?.close());

  const serve = ['httpd', '-f', '-p', '80'];
  const ipOf = (name: string, network = 'bridge') =>
    engine.docker('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);
  const residue = (name: string) => scanResidue(fakeTopology(engine, { [name]: name }), soon());
  /** By Docker's own program and a container of the test's. */
  const beside = (name: string, ...command: string[]) =>
    engine.docker('run', '--rm', '--network', `container:${name}`, '--cap-add', 'NET_ADMIN', TEST_IMAGE, ...command);
  const helpers = () =>
    engine.docker('ps', '-a', '--filter', 'label=stampede.fault=stampede-test', '--format', '{{.Names}}');

  it('what the kernel can do is tried in a network where nobody is', async () => {
    const { drop, loss, reject, netem } = await netCapabilities(openEngine(engine.address), TEST_IMAGE, soon());
    expect({ drop, loss, reject }).toEqual({ drop: undefined, loss: undefined, reject: undefined });
    // Whichever it is, it is said in the kernel's own words.
    if (netem !== undefined) expect(netem).toContain('qdisc');
  });

  it('rate: so many bytes a second leave it, and no rule is left behind', async () => {
    const sink = engine.run([], ['sh', '-c', 'while :; do nc -l -p 90 >/dev/null; done']);
    const ip = ipOf(sink);
    const name = engine.run([], ['sh', '-c', `while :; do cat /dev/zero | nc ${ip} 90; done`]);
    const fault = aimAt(engine, 'rate', { node: name, kbPerSec: 400 });
    const { step, before } = await injected(fault);
    const { proven, evidence } = await fault.prove(before, soon());
    expect(evidence).toMatch(/sends [34]\d\d KB\/s, and packets had to wait \d+ times$/);
    expect(proven).toBe(true);
    expect(await residue(name)).toEqual([
      `a rate limit of ours on ${name}`,
      expect.stringContaining('helper container stampede-helper-stampede-test'),
    ]);
    beside(name, '/sbin/tc', 'qdisc', 'del', 'dev', 'eth0', 'root');
    expect((await fault.prove(before, soon())).evidence).toBe(`${name} has no limit any more`);
    expect((await undo(step, soon())).clean).toBe(true);
    expect(await residue(name)).toEqual([]);
  });

  it('rate on a container that sends nothing: no effect', async () => {
    const name = engine.run([], ['sleep', '1000']);
    const fault = aimAt(engine, 'rate', { node: name, kbPerSec: 400 });
    const { step, before } = await injected(fault);
    const { proven, evidence } = await fault.prove(before, AbortSignal.timeout(4_000));
    expect([proven, evidence]).toEqual([false, expect.stringContaining('wants no more than it gets')]);
    expect((await undo(step, soon())).clean).toBe(true);
    expect(beside(name, '/sbin/tc', 'qdisc', 'show')).not.toContain('tbf');
  });

  it('rate leaves alone what somebody else has set up, and says so', async () => {
    const name = engine.run([], ['sleep', '1000']);
    beside(name, '/sbin/tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'handle', '7:', 'pfifo');
    const fault = aimAt(engine, 'rate', { node: name, kbPerSec: 400 });
    await fault.prepare(soon());
    const step = fault.undoOf('stampede-test');
    await expect(fault.apply({ id: 'stampede-test', forMs: 60_000, signal: soon() })).rejects.toThrow(
      'eth0 has a queueing discipline already',
    );
    expect((await undo(step, soon())).clean).toBe(true);
    expect(beside(name, '/sbin/tc', 'qdisc', 'show', 'dev', 'eth0')).toContain('pfifo 7:');
  });

  it.each([
    [50, 'in'],
    [30, 'out'],
    [40, 'both'],
  ])('packet-loss of %d percent, %s: so many are lost, by the kernel’s own count', async (percent, direction) => {
    const name = engine.run(
      [],
      ['sh', '-c', 'while :; do ping -A -c 100 172.17.0.1 >/dev/null 2>&1; sleep 0.05; done'],
    );
    beside(name, 'iptables', '-A', 'INPUT', '-s', '192.0.2.7', '-j', 'DROP');
    const fault = aimAt(engine, 'packet-loss', { node: name, percent, direction });
    const { step, before } = await injected(fault);
    const { proven, evidence } = await fault.prove(before, soon());
    expect([proven, evidence]).toEqual([true, expect.stringMatching(/lost \d+ of \d+ packets \(\d\d %\)/)]);
    expect(await residue(name)).toContain(`a rule of fault stampede-test in the network of ${name}`);
    expect((await undo(step, soon())).clean).toBe(true);
    expect(await residue(name)).toEqual([]);
    // Somebody else's rule is where it was.
    expect(beside(name, 'iptables', '-S', 'INPUT')).toContain('192.0.2.7');
  });

  it('packet-loss whose rules somebody took out: no effect', async () => {
    const name = engine.run([], ['sleep', '1000']);
    const fault = aimAt(engine, 'packet-loss', { node: name, percent: 50 });
    const { step, before } = await injected(fault);
    beside(name, 'iptables', '-F', 'INPUT');
    const { proven, evidence } = await fault.prove(before, AbortSignal.timeout(2_000));
    expect([proven, evidence]).toEqual([false, `no packet of ${name} was seen by the rules`]);
    expect((await undo(step, soon())).clean).toBe(true);
  });

  it.each(['reset', 'drop'])('reject (%s): nobody gets in, until it is undone', async (how) => {
    const name = engine.run(['--expose', '80'], serve);
    await untilAnswers(ipOf(name));
    const fault = aimAt(engine, 'reject', { node: name, how, port: 80 });
    const { step, before } = await injected(fault);
    const { evidence } = await fault.prove(before, soon());
    expect(evidence).toMatch(/\d+ packets refused, and .*:80 accepts no connection$/);
    beside(name, 'iptables', '-F', 'INPUT');
    expect((await fault.prove(before, AbortSignal.timeout(2_500))).evidence).toContain('still accepts connections');
    expect((await undo(step, soon())).clean).toBe(true);
    await untilAnswers(ipOf(name));
  });

  it.each([
    ['both', /lost$/],
    ['out', /lost$/],
    ['in', /lost$/],
  ])('partition (%s): the one does not reach the other, and both reach everybody else', async (direction, said) => {
    const network = `${PREFIX}-${process.pid}-net`;
    engine.docker('network', 'create', network);
    const [a, b, c] = [1, 2, 3].map(() => engine.run(['--network', network], ['sleep', '1000']));
    if (!a || !b || !c) throw new Error('three containers are needed');
    const ping = (from: string, to: string) =>
      engine.docker('exec', from, 'ping', '-c', '1', '-W', '1', ipOf(to, network));
    const fault = aimAt(engine, 'partition', { from: a, to: b, direction });
    const { step, before } = await injected(fault);
    const { proven, evidence } = await fault.prove(before, soon());
    expect([proven, evidence]).toEqual([true, expect.stringMatching(said)]);
    expect(() => ping(a, b)).toThrow();
    expect(() => ping(b, a)).toThrow();
    ping(a, c);
    ping(c, b);
    beside(a, 'iptables', '-F');
    expect((await fault.prove(before, AbortSignal.timeout(3_000))).evidence).toContain('still answers');
    expect((await undo(step, soon())).clean).toBe(true);
    ping(a, b);
    expect(await residue(a)).toEqual([]);
  });

  it('the lease: the helper takes the rules out by itself', async () => {
    const name = engine.run([], ['sleep', '1000']);
    const fault = aimAt(engine, 'reject', { node: name });
    await fault.prepare(soon());
    const step = fault.undoOf('stampede-test');
    // Ten seconds are added to this.
    await fault.apply({ id: 'stampede-test', forMs: -8_000, signal: soon() });
    expect(beside(name, 'iptables', '-S', 'INPUT')).toContain('stampede:stampede-test');
    const deadlineMs = performance.now() + 15_000;
    while (helpers() !== '' && performance.now() < deadlineMs) await sleep(200);
    expect(beside(name, 'iptables', '-S', 'INPUT')).not.toContain('stampede:');
    // And undoing afterwards is clean too.
    expect((await undo(step, soon())).clean).toBe(true);
  });

  it('the undo works without the helper, and when its container was restarted or is gone', async () => {
    const name = engine.run([], ['sleep', '1000']);
    const first = await injected(aimAt(engine, 'reject', { node: name }));
    engine.docker('rm', '-f', helpers());
    expect((await undo(first.step, soon())).clean).toBe(true);
    expect(beside(name, 'iptables', '-S', 'INPUT')).not.toContain('stampede:');

    const second = await injected(aimAt(engine, 'reject', { node: name }));
    engine.docker('restart', '-t', '0', name);
    expect((await second.fault.prove(second.before, soon())).evidence).toContain('was started anew');
    expect((await undo(second.step, soon())).clean).toBe(true);
    expect(helpers()).toBe('');

    const third = await injected(aimAt(engine, 'reject', { node: name }));
    engine.docker('rm', '-f', name);
    expect(await undo(third.step, soon())).toEqual({ clean: true, evidence: `${name} is not there any more` });
    expect(helpers()).toBe('');
  });
});
