// Builds images out of Debian's packages that stand in for the official ones where no image registry can be reached.
// For tests only. An image is tagged by the hash of what it is made of, so it is built once.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const SOURCES = '/etc/apt/sources.list.d/debian.sources';

/** The override variables of docker-compose.yml, and which stand-in each gets. */
const IMAGES = {
  HAPROXY_IMAGE: 'haproxy',
  VARNISH_IMAGE: 'varnish',
  NGINX_IMAGE: 'nginx',
  REDIS_IMAGE: 'redis',
  POSTGRES_IMAGE: 'postgres',
  RABBITMQ_IMAGE: 'rabbitmq',
  PROMETHEUS_IMAGE: 'prometheus',
  ALERTMANAGER_IMAGE: 'alertmanager',
  TOXIPROXY_IMAGE: 'toxiproxy',
  NODE_IMAGE: 'node',
  BUILD_IMAGE: 'node-build',
};

/**
 * Returns the variables for docker-compose.yml. `work` is a folder that git ignores, `toxiproxy` the path of the built
 * server, `node` that of the pinned runtime. Throws with the last lines of what went wrong.
 */
export function buildStandIns({ docker, work, toxiproxy, node, say }) {
  mkdirSync(work, { recursive: true });
  const base = buildBase({ docker, work, say });
  const parts = {
    toxiproxy: { server: toxiproxy },
    node: { node, npm: npmFolder() },
    'node-build': { 'ca.crt': '/etc/ssl/certs/ca-certificates.crt' },
  };
  const tags = {};
  for (const name of Object.values(IMAGES)) {
    const files = { 'debian.sources': SOURCES, ...parts[name] };
    tags[name] = buildImage({ name, base: name === 'node-build' ? tags.node : base, files, docker, work, say });
  }
  return {
    ...Object.fromEntries(Object.entries(IMAGES).map(([variable, name]) => [variable, tags[name]])),
    RUNTIME_IMAGE: base,
  };
}

/** Debian itself, as small as it goes. */
function buildBase({ docker, work, say }) {
  const tag = `stampede-stand-in/base:${hashOf(['1', readFileSync(SOURCES, 'utf8')])}`;
  if (exists(docker, tag)) return tag;
  say('debootstrap, for the base of all stand-ins...');
  const root = join(work, 'rootfs');
  rmSync(root, { recursive: true, force: true });
  const mirror = /^URIs: (\S+)/m.exec(readFileSync(SOURCES, 'utf8'))?.[1] ?? 'http://deb.debian.org/debian';
  run('debootstrap', ['--variant=minbase', 'bookworm', root, mirror]);
  const waste = ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];
  for (const folder of [...waste, 'usr/share/info', 'etc/apt/sources.list']) {
    rmSync(join(root, folder), { recursive: true, force: true });
  }
  mkdirSync(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
  mkdirSync(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
  run('sh', ['-c', `tar -C "$1" -c . | "$2" import --change 'CMD ["bash"]' - "$3"`, 'sh', root, docker, tag]);
  rmSync(root, { recursive: true, force: true });
  return tag;
}

function buildImage({ name, base, files, docker, work, say }) {
  const source = join(here, name);
  const own = readdirSync(source).map((file) => readFileSync(join(source, file), 'utf8'));
  const given = Object.entries(files).map(([file, from]) => `${file} ${fingerprint(from)}`);
  const tag = `stampede-stand-in/${name}:${hashOf([base, ...own, ...given])}`;
  if (exists(docker, tag)) return tag;
  say(`building a stand-in for ${name}...`);
  const context = join(work, name);
  rmSync(context, { recursive: true, force: true });
  cpSync(source, context, { recursive: true });
  for (const [file, from] of Object.entries(files))
    cpSync(realpathSync(from), join(context, file), { recursive: true });
  // The classic builder: the other one is a plug-in that may not be there.
  run(docker, ['build', '-q', '-t', tag, '--build-arg', `BASE=${base}`, context], { DOCKER_BUILDKIT: '0' });
  rmSync(context, { recursive: true, force: true });
  return tag;
}

function npmFolder() {
  const cli = run('sh', ['-c', 'readlink -f "$(command -v npm)"']).trim();
  return dirname(dirname(cli));
}

/** Of a file that is too big to be read each time. */
function fingerprint(path) {
  const found = statSync(realpathSync(path));
  return found.isDirectory() ? path : `${found.size} ${Math.round(found.mtimeMs)}`;
}

function hashOf(texts) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 12);
}

function exists(docker, tag) {
  return spawnSync(docker, ['image', 'inspect', tag], { stdio: 'ignore' }).status === 0;
}

function run(program, args, env = {}) {
  const options = { encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, ...env } };
  const { status, error, stdout, stderr } = spawnSync(program, args, options);
  if (status === 0) return stdout;
  const last = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${program} ${args[0]} failed (${error?.message ?? `exit code ${status}`}):\n${last}`);
}
