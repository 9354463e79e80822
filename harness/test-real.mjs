// `npm run test:real`: tests against real parts. Each part is looked for, installed when it is missing, and named as
// skipped, with the reason, when it cannot be had.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tools = join(root, '.stampede/tools');
mkdirSync(tools, { recursive: true });

/** Sets the environment variable that the tests look for; without it they skip themselves. */
const parts = [
  { name: 'Chromium', env: 'CHROMIUM', find: () => onPath('chromium') ?? debian('chromium', 'chromium') },
  { name: 'Toxiproxy', env: 'TOXIPROXY_SERVER', find: toxiproxy },
  { name: 'promtool', env: 'PROMTOOL', find: () => onPath('promtool') ?? debian('prometheus', 'promtool') },
  ...[
    ['HAProxy', 'HAPROXY', 'haproxy', 'haproxy'],
    ['Varnish', 'VARNISHD', 'varnish', 'varnishd'],
    ['nginx', 'NGINX', 'nginx-light', 'nginx'],
    ['Redis', 'REDIS_SERVER', 'redis-server', 'redis-server'],
    // The one on PATH changes to a user of its own.
    ['RabbitMQ', 'RABBITMQ_SERVER', 'rabbitmq-server', 'rabbitmq-server', '/usr/lib/rabbitmq/bin'],
  ].map(([name, env, ...where]) => ({ name, env, find: () => server(...where) })),
  { name: 'Docker', env: 'DOCKER', find: docker },
  {
    name: 'Docker Compose',
    env: 'DOCKER_COMPOSE',
    find: () => onPath('docker-compose') ?? debian('docker-compose', 'docker-compose'),
  },
  { name: 'Docker Compose 2', env: 'DOCKER_COMPOSE_2', find: compose2 },
  {
    name: 'debootstrap',
    env: 'DEBOOTSTRAP',
    find: () => onPath('debootstrap') ?? debian('debootstrap', 'debootstrap'),
  },
  { name: 'amtool', env: 'AMTOOL', find: () => onPath('amtool') ?? debian('prometheus-alertmanager', 'amtool') },
  {
    name: 'Alertmanager',
    env: 'ALERTMANAGER',
    find: () =>
      onPath('prometheus-alertmanager') ??
      onPath('alertmanager') ??
      debian('prometheus-alertmanager', 'prometheus-alertmanager'),
  },
  { name: 'Prometheus 2', env: 'PROMETHEUS', find: prometheus2 },
  { name: 'Prometheus 3', env: 'PROMETHEUS_3', find: prometheus3 },
];

const env = { ...process.env };
for (const { name, env: variable, find } of parts) {
  const found = process.env[variable] ?? find();
  if (found === undefined) process.stdout.write(`skipped: ${name} cannot be had here\n`);
  else {
    env[variable] = found;
    process.stdout.write(`${name}: ${found}\n`);
  }
}

const engine = env.DOCKER === undefined ? undefined : await startEngine();
if (engine?.host !== undefined) env.DOCKER_HOST = engine.host;

const vitest = join(root, 'node_modules/.bin/vitest');
const passed = spawnSync(vitest, ['run', '--config', 'vitest.real.config.ts', ...process.argv.slice(2)], {
  cwd: root,
  env,
  stdio: 'inherit',
});
await engine?.stop();
process.exit(passed.status ?? 1);

/** The engine that runs, or one of our own for the time of the tests; its images are kept for the next time. */
async function startEngine() {
  const answers = (host) =>
    spawnSync('docker', ['version'], { env: host ? { ...env, DOCKER_HOST: host } : env }).status === 0;
  if (answers(process.env.DOCKER_HOST)) {
    process.stdout.write('Docker engine: the one that runs\n');
    return { host: process.env.DOCKER_HOST, stop: async () => {} };
  }
  const directory = join(root, '.stampede/docker');
  mkdirSync(directory, { recursive: true });
  const files = { '--data-root': 'data', '--exec-root': 'exec', '--pidfile': 'dockerd.pid' };
  const args = Object.entries(files).flatMap(([flag, file]) => [flag, join(directory, file)]);
  // A path for a socket must be short.
  const host = `unix:///tmp/stampede-docker-${process.pid}.sock`;
  const log = openSync(join(directory, 'dockerd.log'), 'w');
  const child = spawn('dockerd', ['-H', host, ...args], { stdio: ['ignore', log, log] });
  for (let waited = 0; waited < 60; waited++) {
    if (answers(host)) {
      process.stdout.write('Docker engine: started for these tests\n');
      const stop = () =>
        new Promise((resolve) => {
          child.on('exit', resolve);
          child.kill('SIGTERM');
        });
      return { host, stop };
    }
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  child.kill('SIGKILL');
  process.stdout.write(`skipped: no Docker engine can be started here (${join(directory, 'dockerd.log')} says why)\n`);
  delete env.DOCKER;
  return undefined;
}

function onPath(command) {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Installs a Debian package, as root or with sudo. */
function debian(packageName, command) {
  if (onPath('apt-get') === undefined) return undefined;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args) => {
    const [program, ...rest] = [...sudo, 'apt-get', ...args];
    const options = {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    };
    return spawnSync(program, rest, options).status === 0;
  };
  process.stdout.write(`installing ${packageName}...\n`);
  const install = () => apt('install', '-y', '-qq', '--no-install-recommends', packageName);
  if (!install() && !(apt('update', '-qq') && install())) return undefined;
  return onPath(command);
}

/** Debian keeps servers where users who are not root have no PATH. */
function server(packageName, command, folder = '/usr/sbin') {
  const known = () => [`${folder}/${command}`].find((path) => existsSync(path)) ?? onPath(command);
  return known() ?? (debian(packageName, command) === undefined ? undefined : known());
}

/** The engine, and what the tests make their image out of; it is started by the tests when none answers. */
function docker() {
  for (const [packageName, command] of [
    ['docker.io', 'dockerd'],
    ['busybox-static', 'busybox'],
    ['iproute2', 'tc'],
    ['iptables', 'iptables'],
  ]) {
    if (onPath(command) === undefined && debian(packageName, command) === undefined) return undefined;
  }
  return onPath('docker');
}

/** The original, built from its sources by the Go module proxy. */
function toxiproxy() {
  const binary = join(tools, 'server');
  return built(binary, 'Toxiproxy 2.12.0', ['github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0']);
}

/** The first on PATH may be of another version. */
function prometheus2() {
  const known = [onPath('prometheus'), '/usr/bin/prometheus'].find(isPrometheus2);
  if (known !== undefined) return known;
  debian('prometheus', 'prometheus');
  return isPrometheus2('/usr/bin/prometheus') ? '/usr/bin/prometheus' : undefined;
}

function isPrometheus2(command) {
  if (command === undefined) return false;
  const { stdout = '', stderr = '' } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return /version 2\./.test(stdout + stderr);
}

/** Debian has Prometheus 2 only. Without its service discoveries and its pages, Prometheus 3 is built in a few minutes. */
function prometheus3() {
  const tags = 'remove_all_sd,enable_static_sd,enable_file_sd,enable_http_sd';
  const version = 'github.com/prometheus/prometheus/cmd/prometheus@v0.316.0';
  return built(join(tools, 'prometheus'), 'Prometheus 3.16.0', ['-tags', tags, version]);
}

/** Debian has Compose 1 only. Its module excludes versions of others, so that it is built where it is downloaded to. */
function compose2() {
  const folder = join(tools, 'docker/cli-plugins');
  const binary = join(folder, 'docker-compose');
  if (existsSync(binary)) return binary;
  if (onPath('go') === undefined) return undefined;
  const version = 'v2.40.3';
  const asked = spawnSync('go', ['mod', 'download', '-json', `github.com/docker/compose/v2@${version}`], {
    cwd: tools,
    encoding: 'utf8',
  });
  if (asked.status !== 0) return undefined;
  process.stdout.write(`building Docker Compose ${version}...\n`);
  mkdirSync(folder, { recursive: true });
  const flags = ['-trimpath', '-ldflags', `-s -w -X github.com/docker/compose/v2/internal.Version=${version}`];
  const { status } = spawnSync('go', ['build', ...flags, '-o', binary, './cmd'], {
    cwd: JSON.parse(asked.stdout).Dir,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0 ? binary : undefined;
}

function built(binary, name, args) {
  if (existsSync(binary)) return binary;
  if (onPath('go') === undefined) return undefined;
  process.stdout.write(`building ${name}...\n`);
  const { status } = spawnSync('go', ['install', ...args], {
    env: { ...process.env, GOBIN: tools },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0 ? binary : undefined;
}
