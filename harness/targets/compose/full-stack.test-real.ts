import { spawnSync } from 'node:child_process';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { packageRoot } from '../../places.ts';
import { Workplace } from '../../testing-cli.ts';
import { COMPOSE_FILE } from './project-files.ts';

/** The big stack, brought up by Compose 2 where it can be had; compose.test-real.ts has the small one by Compose 1. */

const { DOCKER, DOCKER_COMPOSE, DOCKER_COMPOSE_2, DEBOOTSTRAP, TOXIPROXY_SERVER } = process.env;
const canRun = [DOCKER, DOCKER_COMPOSE_2 ?? DOCKER_COMPOSE, DEBOOTSTRAP, TOXIPROXY_SERVER].every(Boolean);
const enough = freemem() > 3 * 2 ** 30;
/** The plug-in is found below the folder of Docker's own configuration. */
const withCompose2 = DOCKER_COMPOSE_2 === undefined ? {} : { DOCKER_CONFIG: dirname(dirname(DOCKER_COMPOSE_2)) };

const SHARDS = ['shard-eu-0', 'shard-eu-1', 'shard-us-0', 'shard-us-1'];

/** The fault aims at a shard that only the big stack has. */
const SCENARIO = `
import { arrivals, latency, scenario } from 'stampede';
import { buyer } from '${join(packageRoot, 'scenarios/shop.ts')}';
export default scenario({
  name: 'four-shards',
  target: 'compose',
  load: { buyers: arrivals({ stages: [{ to: 15, over: '1s' }, { hold: '14s' }], flow: buyer }) },
  faults: [{ name: 'slow', at: '4s', for: '4s', fault: latency({ link: 'orders->shard-us-1', latencyMs: 200 }) }],
  invariants: ['orders-exactly-once'],
  validity: { lateness: '< 5s', rateKept: '> 50%', cpu: '< 100%', loopLag: '< 5s', scrapeGaps: '< 90%' },
});
`;

const verdictSchema = z.object({
  outcome: z.string(),
  faults: z.array(z.object({ name: z.string(), outcome: z.string() })),
  invariants: z.array(z.object({ outcome: z.string(), counts: z.record(z.string(), z.number()) })),
});

describe('docker-compose.yml', () => {
  const profiles = ['full', 'observability', 'agents'].flatMap((profile) => ['--profile', profile]);
  const services = (command: string) => {
    const args = ['-f', COMPOSE_FILE, '-p', 'stampede-config', ...profiles, 'config', '--services'];
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return stdout.trim().split('\n').sort();
  };

  it.skipIf(DOCKER_COMPOSE === undefined || DOCKER_COMPOSE_2 === undefined)('means the same to both Composes', () => {
    expect(services(DOCKER_COMPOSE ?? '')).toEqual(services(DOCKER_COMPOSE_2 ?? ''));
    expect(services(DOCKER_COMPOSE_2 ?? '')).toEqual(expect.arrayContaining(SHARDS));
  });
});

describe.skipIf(!canRun || !enough)(`the big stack by Compose ${DOCKER_COMPOSE_2 === undefined ? 1 : 2}`, () => {
  let env: NodeJS.ProcessEnv;
  const place = new Workplace();
  const stampede = (...args: string[]) => place.run(args, env);

  beforeAll(async () => {
    const { buildStandIns } = await import(join(packageRoot, 'target-app/compose/stand-ins/build.mjs'));
    const images = buildStandIns({
      docker: DOCKER,
      work: join(packageRoot, '.stampede/stand-ins'),
      toxiproxy: TOXIPROXY_SERVER,
      node: process.execPath,
      say: (line: string) => process.stdout.write(`${line}\n`),
    });
    env = { ...images, ...withCompose2 };
  }, 900_000);

  afterAll(async () => {
    await stampede('target', 'down', '--target', 'compose');
    await place.close();
  }, 120_000);

  it('comes up with four shards', { timeout: 300_000 }, async () => {
    const { code, stdout, stderr } = await stampede(
      'target',
      'up',
      '--target',
      'compose',
      '--profile',
      'full',
      '--json',
    );
    expect(code, stderr).toBe(0);
    const { tookMs } = z.object({ tookMs: z.number() }).parse(JSON.parse(stdout));
    process.stdout.write(`compose: the big stack is up in ${(tookMs / 1_000).toFixed(1)} s\n`);
  });

  it('tells its Prometheus of all four', { timeout: 60_000 }, async () => {
    const { stdout } = await stampede('target', 'status', '--json');
    const { prometheus } = z.object({ compose: z.object({ prometheus: z.url() }) }).parse(JSON.parse(stdout)).compose;
    const query = encodeURIComponent('count(up{job="postgres", node=~"shard-.*"} == 1)');
    const known = async () => (await fetch(`${prometheus}/api/v1/query?query=${query}`)).text();
    await expect.poll(known, { timeout: 30_000 }).toMatch(/"value":\[[\d.]+,"4"\]/);
  });

  it('has orders on each of them, all of which the invariant finds, in one run after the other', {
    timeout: 240_000,
  }, async () => {
    const file = place.scenario('four-shards.ts', SCENARIO);
    for (const turn of ['first', 'second']) {
      const { stdout, stderr } = await stampede('run', file, '--json', '--plain');
      expect(stdout, stderr).not.toBe('');
      const { faults, invariants } = verdictSchema.parse(JSON.parse(stdout));
      expect(faults, turn).toEqual([{ name: 'slow', outcome: 'passed' }]);
      expect(invariants, turn).toMatchObject([{ outcome: 'passed' }]);
      const counts = invariants[0]?.counts ?? {};
      const each = SHARDS.map((shard) => counts[`on ${shard}`] ?? 0);
      expect(Math.min(...each), `${turn}: ${each.join(', ')}`).toBeGreaterThan(10);
      expect(each.reduce((sum, orders) => sum + orders, 0)).toBeGreaterThanOrEqual(counts.acknowledged ?? 0);
      process.stdout.write(`compose: orders on the four shards, ${turn} run: ${each.join(', ')}\n`);
    }
  });

  it('goes down and leaves nothing', { timeout: 120_000 }, async () => {
    expect((await stampede('target', 'down', '--target', 'compose')).code).toBe(0);
    const label = 'label=com.docker.compose.service=shard-us-1';
    expect(spawnSync('docker', ['ps', '-aq', '--filter', label], { encoding: 'utf8' }).stdout).toBe('');
  });
});

describe.runIf(!canRun || !enough)('the big stack', () => {
  it.skip('needs Docker, Docker Compose, debootstrap, Toxiproxy and 3 GiB of free memory', () => {});
});
