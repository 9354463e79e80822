import { spawnSync } from 'node:child_process';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { packageRoot } from '../../places.ts';
import { Workplace } from '../../testing-cli.ts';
import { containerCpuMs } from './testing/container-cpu.ts';

/** The stack in containers, whole: up, a run with faults on real links and containers, down, and nothing left. */

const { DOCKER, DOCKER_COMPOSE, DEBOOTSTRAP, TOXIPROXY_SERVER } = process.env;
const canRun = [DOCKER, DOCKER_COMPOSE, DEBOOTSTRAP, TOXIPROXY_SERVER].every((part) => part !== undefined);
const enough = freemem() > 2 * 2 ** 30;

const upSchema = z.object({ entry: z.url(), tookMs: z.number(), joined: z.boolean(), prometheus: z.url() });
const verdictSchema = z.object({
  outcome: z.string(),
  faults: z.array(
    z.object({ name: z.string(), outcome: z.string(), target: z.string(), proof: z.string().optional() }),
  ),
  invariants: z.array(z.object({ name: z.string(), outcome: z.string() })),
  objectives: z.array(z.object({ name: z.string(), outcome: z.string() })),
  residue: z.array(z.string()),
});

describe.skipIf(!canRun || !enough)('the stack in containers', () => {
  let images: NodeJS.ProcessEnv;
  const place = new Workplace();
  const stampede = (...args: string[]) => place.run(args, images);
  let project = '';

  beforeAll(async () => {
    const { buildStandIns } = await import(join(packageRoot, 'target-app/compose/stand-ins/build.mjs'));
    images = buildStandIns({
      docker: DOCKER,
      work: join(packageRoot, '.stampede/stand-ins'),
      toxiproxy: TOXIPROXY_SERVER,
      node: process.execPath,
      say: (line: string) => process.stdout.write(`${line}\n`),
    });
  }, 900_000);

  afterAll(async () => {
    await stampede('target', 'down', '--target', 'compose');
    await place.close();
  }, 120_000);

  it('comes up, every part of it ready', { timeout: 300_000 }, async () => {
    const { code, stdout, stderr } = await stampede('target', 'up', '--target', 'compose', '--json');
    expect(code, stderr).toBe(0);
    const { tookMs } = upSchema.parse(JSON.parse(stdout));
    project = /starting (stampede-\w+)/.exec(stderr)?.[1] ?? '';
    expect(project).not.toBe('');
    process.stdout.write(`compose: up in ${(tookMs / 1_000).toFixed(1)} s, the image of ours built in that time\n`);
  });

  it('costs little while nobody uses it', { timeout: 120_000 }, async () => {
    const ids = lines('ps', '-q', '--no-trunc', '--filter', ofProject(project));
    expect(ids.length).toBeGreaterThan(15);
    const before = containerCpuMs(ids);
    await sleep(20_000);
    const share = (containerCpuMs(ids) - before) / 20_000;
    const used = lines('stats', '--no-stream', '--format', '{{.MemUsage}}', ...ids).map((line) => mib(line));
    const memoryMib = used.reduce((sum, each) => sum + each, 0);
    const imageMb = Number(lines('image', 'inspect', `${project}:local`, '--format', '{{.Size}}')[0]) / 1e6;
    process.stdout.write(
      `compose: idle ${(share * 100).toFixed(1)} % of a core, ${memoryMib.toFixed(0)} MiB, image of ours ${imageMb.toFixed(0)} MB\n`,
    );
    expect(memoryMib).toBeLessThan(1_536);
    expect(imageMb).toBeLessThan(250);
  });

  it('is joined by a second up', { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await stampede('target', 'up', '--target', 'compose', '--json');
    expect(code, stderr).toBe(0);
    expect(upSchema.parse(JSON.parse(stdout)).joined).toBe(true);
  });

  it('tells its Prometheus of every part', { timeout: 60_000 }, async () => {
    const { stdout } = await stampede('target', 'status', '--json');
    const { prometheus } = z.object({ compose: z.object({ prometheus: z.url() }) }).parse(JSON.parse(stdout)).compose;
    const jobs = ['gateway', 'orders', 'catalog', 'relay', 'worker', 'lb', 'broker', 'redis', 'postgres', 'varnish'];
    for (const job of [...jobs, 'fault-proxy', 'exporter']) {
      await expect.poll(() => up(prometheus, job), { timeout: 30_000, message: `up{job="${job}"}` }).toBeGreaterThan(0);
    }
  });

  it('survives a game day: a container killed, a link slowed, a container that stands still', {
    timeout: 300_000,
  }, async () => {
    const scenario = join(packageRoot, 'scenarios/game-day.ts');
    const { stdout, stderr } = await stampede('run', scenario, '--target', 'compose', '--json', '--plain');
    const { success, data: verdict, error } = verdictSchema.safeParse(JSON.parse(stdout || '{}'));
    if (!success) throw new Error(`no verdict: ${stdout}${stderr}`, { cause: error });
    for (const { name, target, outcome, proof } of verdict.faults)
      process.stdout.write(`compose: ${name} on ${target}: ${outcome}; ${proof ?? ''}\n`);
    process.stdout.write(`compose: the verdict is ${verdict.outcome}\n`);
    expect(verdict.faults.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['dead-gateway', 'passed'],
      ['slow-shard', 'passed'],
      ['still-cache', 'passed'],
    ]);
    expect(verdict.invariants).toEqual([{ name: 'orders-exactly-once', outcome: 'passed' }]);
    expect(verdict.objectives.find(({ name }) => name === 'a gateway answers')?.outcome).toBe('passed');
    expect(verdict.residue).toEqual([]);
    expect(stderr).toMatch(/a gateway answers during whole: passed; Prometheus 1 passed, embedded 1 passed/);
  });

  it('goes down and leaves nothing', { timeout: 120_000 }, async () => {
    const { code, stderr } = await stampede('target', 'down', '--target', 'compose');
    expect(code, stderr).toBe(0);
    const left = [
      lines('ps', '-aq', '--filter', ofProject(project)),
      lines('network', 'ls', '-q', '--filter', ofProject(project)),
      lines('volume', 'ls', '-q', '--filter', ofProject(project)),
    ];
    process.stdout.write(`compose: left after down: ${left.map((each) => each.length).join(', ')}\n`);
    expect(left).toEqual([[], [], []]);
  });
});

describe.runIf(!canRun || !enough)('the stack in containers', () => {
  it.skip('needs Docker, Docker Compose, debootstrap, Toxiproxy and 2 GiB of free memory', () => {});
});

function lines(...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync('docker', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

function ofProject(project: string): string {
  return `label=com.docker.compose.project=${project}`;
}

/** `53.8MiB / 192MiB` */
function mib(usage: string): number {
  const [, amount = '0', unit = ''] = /^([\d.]+)(\w+)/.exec(usage) ?? [];
  return Number(amount) * (unit === 'GiB' ? 1_024 : unit === 'KiB' ? 1 / 1_024 : 1);
}

async function up(prometheus: string, job: string): Promise<number> {
  const answer = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(`sum(up{job="${job}"})`)}`);
  const body = z.object({
    data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
  });
  return Number(body.parse(await answer.json()).data.result[0]?.value[1] ?? 0);
}
