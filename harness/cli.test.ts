import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proxyState } from '../chaos/toxiproxy-client.ts';
import { until, Workplace } from './testing-cli.ts';
import type { Verdict } from './verdict/verdict.ts';

/**
 * The whole program on the whole embedded target. Loads are small and the generator's limits wide, because the machine
 * that runs this may be busy; what is asserted is what must hold on any machine.
 */
const LENIENT = `validity: { lateness: '< 5s', rateKept: '> 50%', cpu: '< 100%', scrapeGaps: '< 50%' }`;

/** Twelve seconds of load with a fault in the middle. */
function shop(change: {
  name: string;
  link?: string;
  p99?: string;
  extra?: string;
  hold?: string;
  faultFor?: string;
}): string {
  const { name, link = 'orders->shard-eu-0', p99 = '< 10s', extra = '', hold = '11s', faultFor = '4s' } = change;
  return `
import { arrivals, latency, scenario, slo, users } from 'stampede';
export default scenario({
  name: '${name}',
  target: 'reference',
  load: {
    shoppers: users({ stages: [{ to: 40, over: '1s' }, { hold: '${hold}' }], flow: browse }),
    buyers: arrivals({ stages: [{ to: 20, over: '1s' }, { hold: '${hold}' }], flow: buy }),
  },
  faults: [{ name: 'slow', at: '3s', for: '${faultFor}', fault: latency({ link: '${link}', latencyMs: 800, jitterMs: 100 }) }],
  slos: [slo('browse', { of: 'browse', p99: '${p99}', during: ['steady', 'whole'] })],
  invariants: ['orders-exactly-once'],
  warmUp: '1s',
  ${LENIENT},
  ${extra}
});
async function browse(user) {
  await user.think('200ms..600ms');
  await user.get('/v1/products?page=1', { as: 'browse' });
}
async function buy(user) {
  const region = user.pick(['eu', 'us']);
  const json = { userId: region + '-' + user.index, items: [{ productId: 7, quantity: 1 }] };
  await user.post('/v1/orders', { as: 'checkout', idempotencyKey: user.uuid(), json });
}
`;
}

/** Two seconds of orders, every other one of which differs from one run to the next. */
const ORDERS = `
import { arrivals, scenario } from 'stampede';
export default scenario({
  name: 'orders',
  target: 'reference',
  load: { buyers: arrivals({ stages: [{ to: 30, over: '0s' }, { hold: '2s' }], flow: buy }) },
  invariants: ['orders-exactly-once'],
  ${LENIENT},
});
const today = 1 + (Math.floor(Date.now() / 1_000) % 1_000);
async function buy(user) {
  const region = user.pick(['eu', 'us']);
  const json = { userId: region + '-' + user.index, items: [{ productId: user.index % 2 === 0 ? today : 7, quantity: 1 }] };
  await user.post('/v1/orders', { as: 'checkout', idempotencyKey: user.uuid(), json });
}
`;

describe('without a target', () => {
  const place = new Workplace();
  afterAll(() => place.close());

  it('prints its help in 80 columns, and the version', async () => {
    const { code, stdout } = await place.run(['--help']);
    expect(code).toBe(0);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toContain('Exit codes: 0 passed  1 failed  2 usage  3 inconclusive  4 environment');
    expect((await place.run(['--version'])).stdout).toMatch(/^stampede \d+\.\d+\.\d+ \(node v/);
    expect((await place.run(['run', '--help'])).stdout).toMatch(/^ {2}stampede run scenarios\/first-run\.ts\n/);
  });

  it.each([
    [['rnu', 'x.ts'], /Did you mean run\?/],
    [['run'], /missing required argument 'scenario'/],
    [['run', 'x.ts', '--sead', '1'], /Did you mean --seed\?/],
    [['run', 'x.ts', '--seed', 'one'], /Expected a whole number, got 'one'/],
    [['run', 'x.ts', '--nonce', ''], /Expected 1 to 100 letters, digits, .*, got ""/],
    [['run', 'nowhere.ts'], /There is no scenario at nowhere\.ts/],
    [['report', 'last'], /There is no run yet/],
    [['query', 'last', 'up'], /There is no run yet/],
    [['serve', 'last'], /There is no run yet/],
    [['push', 'last', 'http://127.0.0.1:9'], /There is no run yet/],
    [['run', 'x.ts', '--monitor', 'ftp://x'], /expected 'embedded', 'prometheus', or an address/],
  ])('answers %j with what is wrong, and exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await place.run(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });

  it('tells all five mistakes of a scenario with their paths, and starts nothing', async () => {
    const file = place.scenario(
      'mistakes.ts',
      shop({
        name: 'mistakes',
        link: 'orders->shard-eu-9',
        p99: '400',
        extra: `wramUp: '5s', stopWhen: [{ promql: 'sum(', is: '> 5', for: '5s' }],`,
      }).replace("over: '1s' }, { hold", "over: '1 s' }, { hold"),
    );
    const { code, stderr } = await place.run(['run', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('has 5 problems; nothing was started.');
    for (const path of [
      'wramUp',
      'load.shoppers.stages[0].over',
      'faults[0].fault',
      'slos[0].p99',
      'stopWhen[0].promql',
    ]) {
      expect(stderr).toContain(`  ${path}`);
    }
    expect(stderr).toMatch(/mistakes\.ts:\d+:\d+/);
    expect(existsSync(join(place.directory, 'reports'))).toBe(false);
  });

  it('prints errors as one JSON document with --json', async () => {
    const { code, stdout } = await place.run(['run', 'nowhere.ts', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'scenario/no-file', exitCode: 2 } });
  });

  it('plans without running', async () => {
    const file = place.scenario('plan.ts', shop({ name: 'plan' }));
    const { code, stdout } = await place.run(['plan', file, '--seed', '9', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'plan',
      seed: 9,
      durationMs: 12_000,
      faults: [{ name: 'slow', atMs: 3_000 }],
    });
    expect((await place.run(['plan', file])).stdout).toContain('orders->shard-eu-0');
  });

  it('says what this machine has', async () => {
    const { code, stdout } = await place.run(['doctor', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ healthy: true });
  });

  it('lists its faults, of which none is in place', async () => {
    expect((await place.run(['chaos', 'catalog'])).stdout).toMatch(/^latency\n/);
    expect((await place.run(['chaos', 'status'])).stdout).toBe('No fault is in place.\n');
    expect((await place.run(['chaos', 'undo'])).stdout).toBe('Nothing is left to undo.\n');
  });

  it('fails with exit code 4 when runs cannot be written, before anything is started', async () => {
    const other = new Workplace();
    writeFileSync(join(other.directory, 'reports'), 'a file where a folder should be');
    const { code, stderr } = await other.run(['run', other.scenario('x.ts', shop({ name: 'x' }))]);
    expect(stderr).toContain("The run's files cannot be written below reports/runs.");
    expect(code).toBe(4);
    expect(other.leftovers()).toEqual([]);
    await other.close();
  });

  it('fails with exit code 4 when a port is taken, and leaves nothing running', async () => {
    const holder = createServer().listen(18_473, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { code, stderr } = await place.run(['target', 'up', '--port', '18473']);
    holder.close();
    expect(stderr).toContain('port 18473 is taken');
    expect(stderr).toContain('code env/port-taken · exit 4');
    expect(code).toBe(4);
    expect(place.leftovers()).toEqual([]);
  });
});

describe('with a target of its own', () => {
  const place = new Workplace();
  afterAll(() => place.close());

  it('runs, proves, heals, judges, reports, and leaves nothing behind', async () => {
    const file = place.scenario('green.ts', shop({ name: 'green', hold: '16s', faultFor: '6s' }));
    const { code, stdout, stderr } = await place.run(['run', file, '--json']);
    expect(code, stderr).toBe(0);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(verdict).toMatchObject({
      outcome: 'passed',
      exitCode: 0,
      residue: [],
      faults: [{ name: 'slow', outcome: 'passed' }],
    });
    expect(verdict.faults[0]?.proof).toMatch(
      /^orders->shard-eu-0 takes (7|8|9)\d\d ms, took [\d.]+ ms before; [\d,]+ bytes of others meanwhile$/,
    );
    expect(verdict.invariants[0]).toMatchObject({ name: 'orders-exactly-once', outcome: 'passed' });
    expect(verdict.invariants[0]?.counts.acknowledged).toBeGreaterThan(100);
    expect(stderr).toContain('fault     slow proven: orders->shard-eu-0 takes');

    const [run = ''] = place.runs;
    const html = place.read('reports/runs', run, 'report.html');
    expect(html).toContain('Time to store an order, by shard');
    expect(place.read('reports/runs', run, 'junit.xml')).toContain('<testsuites name="stampede"');
    expect(place.read('reports/runs', run, 'summary.md')).toContain('green');
    expect(place.leftovers()).toEqual([]);
  }, 120_000);

  it('shows the injected delay in the metrics while the fault is on, and none after it', async () => {
    const { stdout } = await place.run(['report', 'last', '--json']);
    const { faults, run } = JSON.parse(stdout) as Verdict;
    const [fault] = faults;
    const ask = async (atMs: number): Promise<number> => {
      const expression =
        'sum(rate(db_query_duration_seconds_sum{op="place_order",shard="eu-0"}[2s])) / sum(rate(db_query_duration_seconds_count{op="place_order",shard="eu-0"}[2s]))';
      const answer = await place.run(['query', run.id, expression, '--at', `${Math.round(atMs)}ms`, '--json']);
      return JSON.parse(answer.stdout).series[0]?.value;
    };
    const during = await ask((fault?.undoRequestedMs ?? 0) - 500);
    expect(during).toBeGreaterThan(0.6);
    expect(during).toBeLessThan(1.6);
    expect(await ask((fault?.cleanMs ?? 0) + 4_500)).toBeLessThan(0.4);
  }, 60_000);

  it('gives the same verdict again from the files alone', async () => {
    const [run = ''] = place.runs;
    const before = place.read('reports/runs', run, 'verdict.json');
    expect((await place.run(['report', run])).code).toBe(0);
    expect(place.read('reports/runs', run, 'verdict.json')).toBe(before);
  }, 30_000);

  it('takes everything down with it when it is killed, and the next start says what it healed', async () => {
    const file = place.scenario('killed.ts', shop({ name: 'killed', hold: '60s', faultFor: '50s' }));
    const { child, out, ended } = place.start(['run', file]);
    await until('the fault is proven', () => out.stderr.includes('slow proven'));
    expect(place.leftovers().length).toBeGreaterThan(16);
    child.kill('SIGKILL');
    await ended;
    await until('nothing is left running', () => place.leftovers().length === 0, 20_000);
    const { code, stdout } = await place.run(['chaos', 'undo']);
    expect(stdout).toMatch(
      /✓ slow on orders->shard-eu-0, left by run \d+-\d+: by its watchdog: the fault proxy at .* is gone, and the fault with it/,
    );
    expect(code).toBe(0);
  }, 120_000);
});

describe('with a target that is up', () => {
  const place = new Workplace();
  let api = '';

  beforeAll(async () => {
    const { code, stderr, stdout } = await place.run(['target', 'up', '--json']);
    expect(code, stderr).toBe(0);
    api = JSON.parse(stdout).topology.links[0].toxiproxy.api;
  });

  afterAll(async () => {
    expect((await place.run(['target', 'down'])).stdout).toBe('The reference target is down.\n');
    expect(place.leftovers()).toEqual([]);
    await place.close();
  });

  const toxicsOf = async (link: string) => (await proxyState(api, link, AbortSignal.timeout(5_000)))?.toxics ?? [];

  it('fails with exit code 1 when a promise is broken, and says which', async () => {
    const file = place.scenario('red.ts', shop({ name: 'red', p99: '< 0.001ms' }));
    const { code, stdout } = await place.run(['run', file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED \(exit 1\)\n {2}browse was .* during steady, limit p99 < 0\.001 ms/);
    expect((await place.run(['target', 'status'])).code).toBe(0);
  }, 90_000);

  it('is inconclusive, exit code 3, when the fault hits a link that carries no traffic', async () => {
    const file = place.scenario('idle.ts', shop({ name: 'idle', link: 'gateway-1->broker' }));
    const { code, stdout } = await place.run(['run', file, '--json']);
    expect(code).toBe(3);
    expect((JSON.parse(stdout) as Verdict).causes[0]).toContain('the link carries no traffic');
    expect(await toxicsOf('gateway-1->broker')).toEqual([]);
  }, 90_000);

  it('passes again with the same seed, whose ids are other ones; with the nonce of a run they are its own', async () => {
    const file = place.scenario('orders.ts', ORDERS);
    const ran = async (...args: string[]) => {
      const { code, stdout, stderr } = await place.run(['run', file, '--json', ...args]);
      expect(stdout, stderr).not.toBe('');
      const [invariant] = (JSON.parse(stdout) as Verdict).invariants;
      const { nonce } = JSON.parse(place.read('reports/runs', place.runs.at(-1) ?? '', 'plan.json'));
      return { code, invariant, nonce: String(nonce) };
    };
    const first = await ran();
    expect(first.code).toBe(0);
    const second = await ran();
    expect(second.code).toBe(0);
    expect(second.invariant?.counts.acknowledged).toBe(first.invariant?.counts.acknowledged);
    // The keys of the second run with other orders: they are refused, and the stores have them all the same.
    const { code, invariant } = await ran('--nonce', second.nonce);
    expect(code).toBe(1);
    expect(invariant).toMatchObject({ outcome: 'failed', counts: { lost: 0, twice: 0 } });
    expect(invariant?.counts.ghosts).toBeGreaterThan(10);
  }, 120_000);

  it('stops by its stop condition, heals, and exits with 5', async () => {
    const extra = `stopWhen: [{ promql: 'sum(rate(stampede_requests_total[4s]))', is: '> 5', for: '2s' }],`;
    const file = place.scenario('stop.ts', shop({ name: 'stop', extra, hold: '60s' }));
    const { code, stdout } = await place.run(['run', file]);
    expect(code).toBe(5);
    expect(stdout).toContain('stop condition: sum(rate(stampede_requests_total[4s])) > 5 for 2s, now ');
    expect(await toxicsOf('orders->shard-eu-0')).toEqual([]);
  }, 90_000);

  it('heals and reports what it has on Ctrl-C, exit code 130; and draws a live view on a terminal', async () => {
    const file = place.scenario('ctrl-c.ts', shop({ name: 'ctrl-c', hold: '60s', faultFor: '50s' }));
    const { child, out, ended } = place.start(['run', file], { STAMPEDE_TTY: '80x24' });
    await until('the fault is proven', () => out.stderr.includes('slow proven'));
    expect(out.stderr).toContain('GENERATOR');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(stderr).toContain('Stopping: draining requests and healing faults');
    expect(code).toBe(130);
    expect(stdout).toContain('The run was interrupted before its end.');
    expect(await toxicsOf('orders->shard-eu-0')).toEqual([]);
    expect(existsSync(join(place.directory, 'reports/runs', place.runs.at(-1) ?? '', 'report.html'))).toBe(true);
  }, 90_000);

  it('has its fault undone by its watchdog when it is killed; the next run says so', async () => {
    const file = place.scenario('left.ts', shop({ name: 'left', hold: '60s', faultFor: '50s' }));
    const { child, out, ended } = place.start(['run', file]);
    await until('the fault is proven', () => out.stderr.includes('slow proven'));
    child.kill('SIGKILL');
    await ended;
    await until('the fault is gone', async () => (await toxicsOf('orders->shard-eu-0')).length === 0, 10_000);
    expect((await place.run(['chaos', 'status'])).stdout).toBe('No fault is in place.\n');
    const next = await place.run(['run', place.scenario('next.ts', shop({ name: 'next' }))]);
    expect(next.stderr).toMatch(/healed {4}slow on orders->shard-eu-0, left by run [\d-]+: clean, by its watchdog: /);
    expect(next.code, next.stdout).toBe(0);
  }, 120_000);
});

describe('with a target that lies', () => {
  const place = new Workplace();
  afterAll(() => place.close());

  it('fails the invariant: orders were acknowledged and never stored', async () => {
    expect((await place.run(['target', 'up', '--mutants', 'ack-before-store'])).code).toBe(0);
    const { code, stdout } = await place.run(['run', place.scenario('lies.ts', shop({ name: 'lies' })), '--json']);
    expect(code).toBe(1);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(verdict.invariants[0]).toMatchObject({ name: 'orders-exactly-once', outcome: 'failed' });
    expect(verdict.invariants[0]?.counts.lost).toBeGreaterThan(0);
    expect(verdict.invariants[0]?.examples[0]).toMatch(/^[0-9a-f-]{36}: acknowledged, on no shard$/);
  }, 120_000);
});
