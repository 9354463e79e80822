import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const files = globSync('{harness,chaos,target-app,reports,scenarios,dashboards}/**/*.{ts,mjs}', { cwd: ROOT }).filter(
  (file) => !/\.test|fixture|testing/.test(file),
);
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const found = [
    ...source.matchAll(/^(?:import|export)[^'"`;]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)/gm),
  ];
  return found.map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
  });
}

/** Rooms by the longest prefix that fits. */
const ROOMS = [
  'harness/scenario',
  'harness/load',
  'harness/agents',
  'harness/monitor',
  'harness/verdict',
  'harness/oracles',
  'harness/running',
  'harness/commands',
  'harness/bench',
  'harness/calibrate',
  'harness',
  'chaos/toxiproxy',
  'chaos',
  'target-app',
  'reports',
  'scenarios',
  'dashboards',
];

function roomOf(path: string): string | undefined {
  return ROOMS.find((room) => path.startsWith(`${room}/`));
}

/** All imports of one room by another, as `file -> imported`. */
function crossings(from: string, allowed: (path: string) => boolean): string[] {
  return [...imports].flatMap(([file, targets]) =>
    roomOf(file) !== from
      ? []
      : targets
          .filter((path) => roomOf(path) !== undefined && roomOf(path) !== from && !allowed(path))
          .map((path) => `${file} -> ${path}`),
  );
}

const oneOf =
  (...allowed: string[]) =>
  (path: string) =>
    allowed.some((prefix) => path === prefix || path.startsWith(prefix));

describe('imports', () => {
  it('are found at all', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(imports.get('harness/run.ts')).toContain('harness/running/load.ts');
  });

  it.each([
    ['target-app', []],
    ['chaos/toxiproxy', []],
    ['chaos', []],
    ['harness/load', ['harness/units.ts']],
    ['harness/monitor', ['harness/errors.ts']],
    ['harness/oracles', ['chaos/topology.ts', 'harness/errors.ts', 'harness/load/recorder.ts']],
    [
      'harness/scenario',
      [
        'chaos/',
        'harness/errors.ts',
        'harness/units.ts',
        'harness/load/random.ts',
        'harness/load/schedule.ts',
        'harness/load/think-time.ts',
        'harness/load/user.ts',
      ],
    ],
    ['harness/agents', ['harness/clock.ts', 'harness/errors.ts', 'harness/load/', 'harness/scenario/']],
    [
      'harness/bench',
      [
        'harness/agents/agent-flags.ts',
        'harness/clock.ts',
        'harness/errors.ts',
        'harness/load/',
        'harness/monitor/',
        'harness/places.ts',
        'harness/units.ts',
      ],
    ],
    [
      'harness/calibrate',
      [
        'harness/bench/our-engine-spec.ts',
        'harness/bench/peers/autocannon.ts',
        'harness/bench/processes.ts',
        'harness/errors.ts',
        'harness/load/schedule.ts',
        'harness/scenario/plan.ts',
      ],
    ],
    ['harness/verdict', ['harness/journal.ts', 'harness/units.ts', 'harness/scenario/plan.ts']],
    ['reports', ['harness/verdict/verdict.ts']],
    ['scenarios', ['harness/index.ts']],
    ['dashboards', ['harness/monitor/']],
  ])('of %s go only where they may', (room, allowed) => {
    expect(crossings(room, oneOf(...allowed))).toEqual([]);
  });

  it('do not run in circles', () => {
    const circle = findCircle();
    expect(circle, circle?.join(' -> ')).toBeUndefined();
  });

  it.each([
    ['toxiproxy-node-client', ['chaos/toxiproxy-client.ts']],
    ['dockerode', ['chaos/docker/docker-client.ts', 'chaos/docker/engine-options.ts']],
    [
      'undici',
      [
        'harness/bench/peers/bare-undici-program.ts',
        'harness/load/undici-driver.ts',
        'harness/monitor/embedded.ts',
        'harness/monitor/scrape.ts',
        'target-app/service/upstream.ts',
      ],
    ],
    [
      'pg',
      [
        'chaos/exchange.ts',
        'chaos/postgres.ts',
        'harness/oracles/postgres.ts',
        'target-app/service/postgres.ts',
        'target-app/contracts/sql-shop.ts',
      ],
    ],
    ['ioredis', ['chaos/redis.ts', 'target-app/service/redis.ts']],
    ['amqplib', ['target-app/service/queue/amqp-queue.ts']],
    ['commander', ['harness/cli.ts']],
    ['re2js', ['harness/monitor/promql/re2.ts']],
    [
      'yaml',
      [
        'dashboards/prometheus/rule-test-file.ts',
        'dashboards/prometheus/slo-burn.ts',
        'harness/monitor/prometheus/server.ts',
        'harness/monitor/rules/burn-rate.ts',
        'harness/monitor/rules/rule-file.ts',
        'harness/scenario/import-slos.ts',
      ],
    ],
    ['log-update', ['harness/view.ts']],
    ['@grafana/grafana-foundation-sdk/dashboard', ['dashboards/to-grafana.ts']],
  ])('of %s stay in the file that is made for it', (vendor, homes) => {
    const users = [...imports].filter(([, targets]) => targets.includes(vendor)).map(([file]) => file);
    expect(users.filter((file) => !homes.includes(file))).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });

  it('name printing and exiting in the programs only', () => {
    const printing = files.filter((file) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      return /process\.(stdout\.write|exit\()/.test(source);
    });
    const programs = [
      'harness/cli.ts',
      'harness/setup.mjs',
      'harness/stampede.mjs',
      'harness/test.mjs',
      'harness/test-real.mjs',
      'harness/agents/agent.ts',
      'harness/bench/monitor.ts',
      'harness/bench/known-server.ts',
      'harness/bench/main.ts',
      'harness/bench/our-engine.ts',
      'harness/bench/soak.ts',
      'harness/bench/toxiproxy/far-ends.ts',
      'harness/bench/peers/bare-net-program.ts',
      'harness/bench/peers/bare-undici-program.ts',
      'harness/calibrate/answering-server.ts',
      'harness/commands/inject.ts',
      'harness/crash-matrix/driver.ts',
      'harness/crash-matrix/main.ts',
      'harness/commands/run.ts',
      'chaos/antagonist/main.ts',
      'chaos/toxiproxy/main.ts',
      'chaos/watchdog/main.ts',
      'target-app/main.ts',
    ];
    expect(printing.filter((file) => !programs.includes(file))).toEqual([]);
  });
});

function findCircle(): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      if (!imports.has(next)) continue;
      const circle = visit(next, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return undefined;
}
