import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { z } from 'zod';
import { EXIT, StampedeError } from '../../errors.ts';
import { dockerError } from './docker-error.ts';
import { type Ended, runProgram } from './run-program.ts';

/** Docker's command line, and that of Compose in whichever form this machine has it. */
export interface Docker {
  /** @throws StampedeError, with what `doing` says */
  docker(doing: string, args: readonly string[], signal?: AbortSignal): Promise<string>;
  compose: readonly string[];
}

const infoSchema = z.object({ MemTotal: z.number().optional(), DockerRootDir: z.string().optional() });

/** Finds an engine that answers, on this machine, and Compose. @throws StampedeError that says what is missing */
export async function findDocker(signal?: AbortSignal): Promise<Docker> {
  const docker: Docker['docker'] = async (doing, args, abort) => {
    const ended = await runProgram(['docker', ...args], abort === undefined ? {} : { signal: abort });
    if (ended.code === 0) return ended.stdout;
    throw ended.code === undefined ? noDocker() : dockerError(doing, ended.stderr);
  };
  refuseRemote('DOCKER_HOST', process.env.DOCKER_HOST);
  if (!process.env.DOCKER_HOST) refuseRemote("Docker's context", await hostOfContext(signal));
  await docker('be asked for its version', ['version', '--format', '{{.Server.Version}}'], signal);
  const compose = await findCompose(signal);
  return { docker, compose };
}

/** The stack does not come up half and then die: what it needs is looked for before anything starts. */
export async function checkRoom({ docker }: Docker, signal?: AbortSignal): Promise<void> {
  const info = infoSchema.parse(
    JSON.parse(await docker('be asked about itself', ['info', '--format', '{{json .}}'], signal)),
  );
  const free = process.platform === 'linux' && process.env.DOCKER_HOST === undefined ? freemem() : info.MemTotal;
  if (free !== undefined && free < NEEDS_BYTES) {
    throw new StampedeError(
      'env/memory',
      `There is too little memory for the stack: ${gib(free)}, and it needs 1.5 GiB.`,
      {
        exitCode: EXIT.environment,
        hint: 'end other programs (docker stats tells what containers take), or give Docker Desktop more in its settings',
      },
    );
  }
  const disk = info.DockerRootDir === undefined ? undefined : await statfs(info.DockerRootDir).catch(() => undefined);
  if (disk !== undefined && disk.bavail * disk.bsize < NEEDS_BYTES) {
    const left = gib(disk.bavail * disk.bsize);
    throw new StampedeError(
      'env/disk-full',
      `There is too little room in ${info.DockerRootDir}: ${left}, and the stack needs 1.5 GiB.`,
      {
        exitCode: EXIT.environment,
        hint: 'docker system df tells what takes it; docker system prune frees what nothing uses',
      },
    );
  }
}

const NEEDS_BYTES = 1.5 * 2 ** 30;

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** The plug-in of today, or the program of yesterday. */
async function findCompose(signal: AbortSignal | undefined): Promise<readonly string[]> {
  const ways = [['docker', 'compose'], ['docker-compose']];
  const tried: Ended[] = [];
  for (const way of ways) {
    const ended = await runProgram([...way, 'version', '--short'], signal === undefined ? {} : { signal });
    if (ended.code === 0) return way;
    tried.push(ended);
  }
  throw new StampedeError('env/compose-missing', 'There is a Docker engine, but no Docker Compose.', {
    exitCode: EXIT.environment,
    facts: tried.map(({ code, stderr: [first = 'no answer'] }, index) => {
      return `${ways[index]?.join(' ')}: ${code === undefined ? 'not on PATH' : first}`;
    }),
    hint: "install it: Docker's package docker-compose-plugin, or Debian's docker-compose",
  });
}

function noDocker(): StampedeError {
  return new StampedeError('env/docker-missing', 'There is no docker on PATH.', {
    exitCode: EXIT.environment,
    hint: 'install Docker Engine or Docker Desktop; without it, stampede target up starts the embedded shop',
  });
}

/** Where the engine of the context is that is in use; undefined when Docker does not say. */
async function hostOfContext(signal: AbortSignal | undefined): Promise<string | undefined> {
  const command = ['docker', 'context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const { code, stdout } = await runProgram(command, signal === undefined ? {} : { signal });
  return code === 0 ? stdout.trim() : undefined;
}

/** Ports are published on the engine's own 127.0.0.1, and configuration is mounted from this machine. */
function refuseRemote(who: string, host: string | undefined): void {
  if (host === undefined || host === '' || /^(unix|npipe|fd):|^tcp:\/\/(127\.|localhost|\[::1\])/.test(host)) return;
  throw new StampedeError('env/docker-remote', `${who} is ${host}: the stack needs an engine on this machine.`, {
    exitCode: EXIT.environment,
    hint: 'unset DOCKER_HOST, docker context use default, or run stampede where the engine is',
  });
}
