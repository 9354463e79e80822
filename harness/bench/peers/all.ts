import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../places.ts';
import type { Missing, OriginalToxiproxy } from '../case.ts';
import { artillery } from './artillery.ts';
import { autocannon } from './autocannon.ts';
import { bare } from './bare.ts';
import { k6 } from './k6.ts';
import { oha } from './oha.ts';
import { ours } from './ours.ts';
import type { Peer } from './peer.ts';
import { originalToxiproxy } from './toxiproxy.ts';
import { vegeta } from './vegeta.ts';
import { wrk } from './wrk.ts';

/**
 * Finds the tools, and installs what is missing: Debian's packages as root or with sudo, all else into
 * `.stampede/tools`, at fixed versions. Nothing goes into the project. A build that takes too long is given up.
 */
export function findPeer(name: string, say: (line: string) => void): Peer | Missing {
  const own = { version: versionOf(join(packageRoot, 'package.json')) };
  switch (name) {
    case 'ours-wire':
      return ours('wire', own.version);
    case 'ours-undici':
      return ours('undici', own.version);
    case 'autocannon':
      return autocannon();
    case 'bare-undici':
      return bare('undici');
    case 'bare-net':
      return bare('net');
    case 'wrk':
      return withBinary(debian('wrk', 'wrk', say), (path) =>
        wrk(path, /wrk (\S+)/.exec(output(path, '-v'))?.[1] ?? '?'),
      );
    case 'artillery':
      return withBinary(artilleryProgram(say), (path) =>
        artillery(path, versionOf(join(TOOLS, 'node_modules/artillery/package.json'))),
      );
    case 'k6':
      return withBinary(goInstall('k6', `go.k6.io/k6@v${VERSIONS.k6}`, say), (path) => k6(path, VERSIONS.k6));
    case 'vegeta':
      return withBinary(goInstall('vegeta', `github.com/tsenart/vegeta/v12@v${VERSIONS.vegeta}`, say), (path) =>
        vegeta(path, VERSIONS.vegeta),
      );
    case 'oha':
      return withBinary(cargoInstall(say), (path) => oha(path, VERSIONS.oha));
    default:
      return { missing: `no tool is called ${name}` };
  }
}

export function findNginx(say: (line: string) => void): string | Missing {
  return debian('nginx-light', 'nginx', say) ?? { missing: 'nginx is not there and could not be installed' };
}

/** The original fault proxy: that of `TOXIPROXY_SERVER`, else 2.12.0. */
export function findToxiproxy(say: (line: string) => void): OriginalToxiproxy | Missing {
  const module = 'github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0';
  const found =
    process.env.TOXIPROXY_SERVER ??
    installed(join(TOOLS, 'server'), module, say, 'go', ['install', module], { GOBIN: TOOLS });
  return found === undefined ? { missing: 'it is not there and could not be built' } : originalToxiproxy(found);
}

const VERSIONS = { artillery: '2.0.34', k6: '1.8.1', vegeta: '12.13.0', oha: '1.15.0' };
const TOOLS = join(packageRoot, '.stampede/tools');
const BUILD_MS = 8 * 60_000;

function withBinary(path: string | undefined, make: (path: string) => Peer): Peer | Missing {
  return path === undefined ? { missing: 'it is not there and could not be installed' } : make(path);
}

function artilleryProgram(say: (line: string) => void): string | undefined {
  const program = join(TOOLS, 'node_modules/artillery/bin/run');
  const args = ['install', '--prefix', TOOLS, '--save-exact', '--ignore-scripts', '--no-audit', '--no-fund'];
  return installed(program, `Artillery ${VERSIONS.artillery}`, say, 'npm', [
    ...args,
    `artillery@${VERSIONS.artillery}`,
  ]);
}

function goInstall(name: string, module: string, say: (line: string) => void): string | undefined {
  const bin = join(TOOLS, 'bin');
  return installed(join(bin, name), module, say, 'go', ['install', module], { GOBIN: bin });
}

function cargoInstall(say: (line: string) => void): string | undefined {
  const args = ['install', '--root', TOOLS, '--locked', `oha@${VERSIONS.oha}`];
  const path = `${process.env.PATH}:${join(homedir(), '.cargo/bin')}`;
  return installed(join(TOOLS, 'bin/oha'), `oha ${VERSIONS.oha}`, say, 'cargo', args, { PATH: path });
}

function installed(
  path: string,
  what: string,
  say: (line: string) => void,
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): string | undefined {
  if (existsSync(path)) return path;
  mkdirSync(TOOLS, { recursive: true });
  say(`installing ${what} into .stampede/tools`);
  const options = { env: { ...process.env, ...env }, stdio: 'ignore' as const, timeout: BUILD_MS };
  return spawnSync(program, args, options).status === 0 && existsSync(path) ? path : undefined;
}

function debian(packageName: string, command: string, say: (line: string) => void): string | undefined {
  const there = onPath(command);
  if (there !== undefined || onPath('apt-get') === undefined) return there;
  say(`installing Debian's ${packageName}`);
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args: string[]) => {
    const [program = '', ...rest] = [...sudo, 'apt-get', ...args];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(program, rest, { env, stdio: 'ignore', timeout: BUILD_MS }).status === 0;
  };
  const install = () => apt('install', '-y', '-qq', '--no-install-recommends', packageName);
  return install() || (apt('update', '-qq') && install()) ? onPath(command) : undefined;
}

function onPath(command: string): string | undefined {
  const path = `${process.env.PATH}:/usr/sbin`;
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${command}`], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  return status === 0 ? stdout.trim() : undefined;
}

function output(program: string, argument: string): string {
  const { stdout, stderr } = spawnSync(program, [argument], { encoding: 'utf8', timeout: 10_000 });
  return `${stdout}${stderr}`;
}

function versionOf(packageFile: string): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
