import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEngine } from './docker-client.ts';
import { engineAddress } from './engine-address.ts';
import { makeTestImage, TEST_IMAGE } from './testing-image.ts';

/** All that tests make on an engine is called so, and carries this label. */
export const PREFIX = 'stampede-test-docker';

export interface RealEngine {
  address: string;
  /** Docker's own program, as a person would use it: another path than the one under test. Throws when it fails. */
  docker(...args: string[]): string;
  /** Starts a container, and returns its name. */
  run(options: string[], command: string[]): string;
  /** Removes what tests made. */
  tidy(): void;
  /** And stops the engine, if it was started for the tests. */
  close(): Promise<void>;
}

/** The engine that runs, or else one of our own in a temporary folder, with the image that tests use. */
export async function realEngine(): Promise<RealEngine> {
  const running = engineAddress();
  const theirs = await engineAnswers(running);
  const own = theirs ? undefined : await startEngine();
  const address = own?.address ?? running;
  makeTestImage(address);
  process.env.STAMPEDE_TOOLS_IMAGE = TEST_IMAGE;
  let count = 0;
  const docker = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('docker', ['-H', address, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const lines = (...args: string[]) =>
    docker(...args)
      .split('\n')
      .filter((line) => line !== '');
  const mine = `name=${PREFIX}-${process.pid}-`;
  const tidy = () => {
    const helpers = lines('ps', '-aq', '--filter', 'label=stampede.fault=stampede-test');
    const containers = [...lines('ps', '-aq', '--filter', mine), ...helpers];
    if (containers.length > 0) docker('rm', '-f', '-v', ...containers);
    const networks = lines('network', 'ls', '-q', '--filter', mine);
    if (networks.length > 0) docker('network', 'rm', ...networks);
  };
  return {
    address,
    docker,
    run(options, command) {
      const name = `${PREFIX}-${process.pid}-${++count}`;
      docker('run', '-d', '--name', name, '--label', PREFIX, ...options, TEST_IMAGE, ...command);
      return name;
    },
    tidy,
    async close() {
      tidy();
      await own?.stop();
    },
  };
}

export async function engineAnswers(address = engineAddress()): Promise<boolean> {
  return await openEngine(address)
    .version(AbortSignal.timeout(3_000))
    .then(() => true)
    .catch(() => false);
}

async function startEngine(): Promise<{ address: string; stop(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'dockerd-'));
  const address = `unix://${join(directory, 'docker.sock')}`;
  const files = ['--data-root', 'data', '--exec-root', 'exec', '--pidfile', 'pid'];
  const args = files.map((part) => (part.startsWith('--') ? part : join(directory, part)));
  const child = spawn('dockerd', ['-H', address, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-2_000);
  });
  const deadlineMs = performance.now() + 30_000;
  while (!(await engineAnswers(address))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await stopEngine(child, directory);
      throw new Error(`dockerd does not answer: ${said}`);
    }
    await sleep(200);
  }
  return { address, stop: () => stopEngine(child, directory) };
}

async function stopEngine(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
}

/** False where the tests cannot run at all; they are skipped by name. */
export function canRunEngine(): boolean {
  return missingPrograms(['dockerd']).length === 0;
}

/** Programs that the test image and the tests need, and that are not on PATH. */
export function missingPrograms(more: readonly string[] = []): string[] {
  const programs = ['docker', 'busybox', 'iptables', 'tc', ...more];
  return programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
}

/** What a file of the machine says, or nothing. */
export function fileOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
