import { existsSync, writeFileSync } from 'node:fs';
import type { Topology } from '../../chaos/topology.ts';
import { COMPOSE_NODES, isIn, type Profile } from '../../target-app/compose/layout.ts';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { type Container, containersOf, removeAll } from './compose/containers.ts';
import { checkRoom, type Docker, findDocker } from './compose/docker.ts';
import { dockerError } from './compose/docker-error.ts';
import { partChecks } from './compose/part-checks.ts';
import { alertmanagerConfig, COMPOSE_FILE, fullVariables, prometheusConfig } from './compose/project-files.ts';
import { runProgram } from './compose/run-program.ts';
import {
  forgetStack,
  readState,
  type StackFiles,
  type StackState,
  stackFiles,
  writeEnv,
  writeState,
} from './compose/stack-files.ts';
import { chooseStackPorts, portVariables, type StackPorts } from './compose/stack-ports.ts';
import { paperStack, portOf, stackTopology } from './compose/stack-topology.ts';
import { takeStartLock } from './compose/start-lock.ts';
import { waitReady } from './compose/wait-ready.ts';
import { readTopology, type Target } from './target.ts';

export interface StackOptions {
  /** The working directory: one stack each. */
  checkout: string;
  /** Of the entry; chosen when absent. */
  port?: number;
  profiles?: readonly Profile[];
  mutants?: string[];
  /** What happens, a line each. */
  say: (line: string) => void;
  onReady?: (node: string, tookMs: number) => void;
  signal: AbortSignal;
}

export interface Stack extends Target {
  state: StackState;
  /** True when it was up already. */
  joined: boolean;
}

/** Joins the stack of this checkout, or brings one up. What could not be brought up whole is taken away again. */
export async function stackUp(options: StackOptions): Promise<Stack> {
  const { checkout, signal, say } = options;
  const files = stackFiles(checkout);
  const docker = await findDocker(signal);
  const unlock = takeStartLock(files.lock);
  try {
    const there = await containersOf(docker, files.project, signal);
    const state = readState(files);
    if (state !== undefined && there.length > 0) return join(files, state, there, options);
    if (there.length > 0) say('what an interrupted start has left is taken away');
    await removeAll(docker, files.project);
    await checkRoom(docker, signal);
    return await bringUp(docker, files, options).catch(async (error: unknown) => {
      await removeAll(docker, files.project).catch((failed: unknown) => say(messageOf(failed)));
      forgetStack(files);
      throw error;
    });
  } finally {
    unlock();
  }
}

/** Takes the stack of this checkout away. False when there was nothing of it. */
export async function stackDown(checkout: string): Promise<boolean> {
  const files = stackFiles(checkout);
  const removed = await removeAll(await findDocker(), files.project);
  forgetStack(files);
  return removed > 0;
}

/** What is there of the stack of this checkout; undefined when it is not up. */
export async function stackStatus(
  checkout: string,
): Promise<{ state: StackState; containers: Container[] } | undefined> {
  const files = stackFiles(checkout);
  const state = readState(files);
  if (state === undefined) return undefined;
  const containers = await containersOf(await findDocker(), files.project);
  return containers.length === 0 ? undefined : { state, containers };
}

/** Whether a start of the stack has written anything down, without asking Docker. */
export function hasStack(checkout: string): boolean {
  return existsSync(stackFiles(checkout).env);
}

export function stackTopologyOf(checkout: string): Topology {
  return readTopology(stackFiles(checkout).topology);
}

/** What a run would find: the stack that is up, with whatever profiles it has, or the small one on paper. */
export function plannedStack(checkout: string): Topology {
  return readState(stackFiles(checkout)) === undefined ? paperStack() : stackTopologyOf(checkout);
}

function join(files: StackFiles, state: StackState, there: readonly Container[], options: StackOptions): Stack {
  const missing = (options.profiles ?? []).filter((profile) => !state.profiles.includes(profile));
  const differs = [
    ...missing.map((profile) => `it was brought up without the profile ${profile}`),
    ...(options.port === undefined || new URL(state.entry).port === String(options.port)
      ? []
      : [`its entry is ${state.entry}, asked for was port ${options.port}`]),
    ...COMPOSE_NODES.filter((node) => isIn(node, state.profiles))
      .filter(({ name }) => !there.some(({ service }) => service === name))
      .map(({ name }) => `${name} is not there any more`),
    ...there
      .filter(({ state: how, service, exitCode }) => how !== 'running' && !(service === 'seed' && exitCode === 0))
      .map(({ service, state: how, exitCode }) =>
        how === 'exited' ? `${service} has ended with exit code ${exitCode}` : `${service} is ${how}`,
      ),
  ];
  if (differs.length > 0) {
    throw new StampedeError(
      'target/already-up',
      `The stack of this folder is up since ${state.startedAt}, but not as it should be.`,
      {
        exitCode: EXIT.environment,
        facts: differs,
        hint: 'stampede target down takes it away; then bring it up anew',
      },
    );
  }
  return stackOf(files, state, true, async () => {});
}

async function bringUp(docker: Docker, files: StackFiles, options: StackOptions): Promise<Stack> {
  const { profiles = [], signal, say, mutants = [] } = options;
  const ports = await chooseStackPorts(options.port);
  const image = process.env.STAMPEDE_IMAGE ?? `${files.project}:local`;
  const variables = {
    COMPOSE_PROJECT_NAME: files.project,
    STAMPEDE_IMAGE: image,
    COMPOSE_PROFILES: profiles.join(','),
    PROMETHEUS_CONFIG: files.prometheus,
    ALERTMANAGER_CONFIG: files.alertmanager,
    MUTANTS: mutants.join(','),
    ...portVariables(ports),
    ...(profiles.includes('full') ? fullVariables() : {}),
    ...overrides(),
  };
  writeEnv(files, variables);
  writeFileSync(files.prometheus, prometheusConfig(ports.observe));
  writeFileSync(files.alertmanager, alertmanagerConfig(ports.observe));
  const compose = async (doing: string, args: readonly string[]) => {
    const command = [...docker.compose, '-f', COMPOSE_FILE, '-p', files.project, '--env-file', files.env, ...args];
    const env = { ...variables, DOCKER_BUILDKIT: docker.compose.length === 1 ? '0' : undefined };
    const ended = await runProgram(command, { env, signal, onLine: (line) => tellPull(line, say) });
    if (ended.code !== 0) throw dockerError(doing, [...ended.stderr, ...ended.stdout.split('\n').slice(-20)]);
  };
  if (process.env.STAMPEDE_IMAGE === undefined) {
    say(`building ${image}`);
    await compose('build the image of the shop', ['build', 'seed']);
  }
  say(`starting ${files.project}`);
  await compose('start the stack', ['up', '-d', '--no-build']);

  const containers = () => containersOf(docker, files.project, signal);
  const there = await containers();
  const containerOf = (service: string) => there.find((container) => container.service === service)?.name;
  const topology = stackTopology({ profiles, ports, containerOf });
  await waitReady({
    checks: partChecks(profiles, ports),
    containers,
    deadlineMs: READY_MS,
    onReady: options.onReady ?? (() => {}),
    signal,
  });
  writeFileSync(files.topology, `${JSON.stringify(topology, null, 2)}\n`);
  const state = await stateOf(docker, profiles, ports, topology.entry, signal);
  writeState(files, state);
  return stackOf(files, state, false, async () => {
    await removeAll(docker, files.project);
    forgetStack(files);
  });
}

function stackOf(files: StackFiles, state: StackState, joined: boolean, stop: () => Promise<void>): Stack {
  return {
    entry: state.entry,
    topology: () => readTopology(files.topology),
    gone: new Promise(() => {}),
    ours: !joined,
    stop,
    prometheus: state.prometheus,
    observe: state.observe,
    state,
    joined,
  };
}

async function stateOf(
  docker: Docker,
  profiles: readonly Profile[],
  ports: StackPorts,
  entry: string,
  signal: AbortSignal,
): Promise<StackState> {
  const prometheus = `http://127.0.0.1:${portOf(ports, 'prometheus', 'http')}`;
  const observe = { host: await hostSeenByContainers(docker, signal), port: ports.observe };
  return { entry, prometheus, observe, profiles: [...profiles], startedAt: new Date().toISOString() };
}

/** Where a run must listen so that containers reach it as host.docker.internal, and nobody beyond this machine does. */
async function hostSeenByContainers({ docker }: Docker, signal: AbortSignal): Promise<string> {
  // Docker Desktop forwards to the loopback address; elsewhere that name is the gateway of the default bridge.
  if (process.platform !== 'linux') return '127.0.0.1';
  const format = '{{range .IPAM.Config}}{{.Gateway}} {{end}}';
  const text = await docker(
    'look at its default network',
    ['network', 'inspect', 'bridge', '--format', format],
    signal,
  );
  return text.trim().split(' ')[0] || '127.0.0.1';
}

/** The images that the user names: written down so that Compose by hand takes the same. */
function overrides(): Record<string, string> {
  const named = Object.entries(process.env).filter(([name, value]) => /^[A-Z]+_IMAGE$/.test(name) && value);
  return Object.fromEntries(named.map(([name, value]) => [name, value ?? '']));
}

/** Images take long: whoever waits for them should know. */
function tellPull(line: string, say: (line: string) => void): void {
  if (/\bPulling\b|\bPulled\b|^Step \d+|Building/.test(line)) say(line.trim());
}

const READY_MS = 120_000;
