import Docker from 'dockerode';
import { z } from 'zod';
import { suggestion } from '../suggestion.ts';
import type { DockerEngine } from './docker-engine.ts';
import { containerSchema, statsSchema, summarySchema, versionSchema } from './engine-answers.ts';
import { EngineError, engineError } from './engine-error.ts';
import { clientOptions } from './engine-options.ts';
import { textOf, unframed } from './engine-output.ts';

/**
 * The only file that talks to a Docker engine, or to Podman's socket, which speaks the same. It adds what the client lacks:
 * a deadline on every call, parsed answers, and errors that say what to do. Opening asks nothing of the engine yet.
 */
export function openEngine(address: string): DockerEngine {
  const docker = new Docker(clientOptions(address));
  // Both take a signal, which their types don't know.
  const describing: { version(options: object): Promise<unknown>; info(options: object): Promise<unknown> } = docker;

  /** Every call goes through here: its deadline, and its errors. */
  async function ask<T>(
    doing: string,
    signal: AbortSignal,
    call: (abortSignal: AbortSignal) => Promise<T>,
    deadlineMs = CALL_MS,
  ): Promise<T> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    try {
      either.throwIfAborted();
      return await call(either);
    } catch (error) {
      throw engineError(address, doing, error, either);
    }
  }

  /** A call about one container: one that is not there is told with the nearest name. */
  async function about(
    doing: string,
    container: string,
    signal: AbortSignal,
    call: (found: Docker.Container, abortSignal: AbortSignal) => Promise<unknown>,
    deadlineMs = CALL_MS,
  ): Promise<void> {
    try {
      await ask(
        `${doing} ${container}`,
        signal,
        (abortSignal) => call(docker.getContainer(container), abortSignal),
        deadlineMs,
      );
    } catch (error) {
      if (error instanceof EngineError && error.reason === 'unknown') {
        throw await noSuchContainer(container, signal);
      }
      throw error;
    }
  }

  async function noSuchContainer(container: string, signal: AbortSignal): Promise<EngineError> {
    const names = await engine.containers(signal).catch(() => []);
    return new EngineError(
      'unknown',
      `no such container '${container}'. ${suggestion(
        container,
        names.map(({ name }) => name),
      )}`,
    );
  }

  const engine: DockerEngine = {
    address,
    version: async (signal) =>
      versionSchema.parse(
        await ask('asking its version', signal, (abortSignal) => describing.version({ abortSignal })),
      ),

    async rootDirectory(signal) {
      const answer = await ask('asking about it', signal, (abortSignal) => describing.info({ abortSignal }));
      return z.object({ DockerRootDir: z.string().min(1) }).parse(answer).DockerRootDir;
    },

    async containers(signal, labels = []) {
      const filters = labels.length > 0 ? { filters: JSON.stringify({ label: labels }) } : {};
      const answer = await ask('listing containers', signal, (abortSignal) =>
        docker.listContainers({ all: true, ...filters, abortSignal }),
      );
      return z.array(summarySchema).parse(answer);
    },

    async inspect(container, signal) {
      const found = await engine.find(container, signal);
      if (found) return found;
      throw await noSuchContainer(container, signal);
    },

    async find(container, signal) {
      try {
        const answer = await ask(`looking at ${container}`, signal, (abortSignal) =>
          docker.getContainer(container).inspect({ abortSignal }),
        );
        return containerSchema.parse(answer);
      } catch (error) {
        if (error instanceof EngineError && error.reason === 'unknown') return undefined;
        throw error;
      }
    },

    kill: (container, unixSignal, signal) =>
      about('killing', container, signal, (found, abortSignal) => found.kill({ signal: unixSignal, abortSignal })),
    start: (container, signal) =>
      about('starting', container, signal, (found, abortSignal) => found.start({ abortSignal })),
    restart: (container, graceSec, signal) =>
      about(
        'restarting',
        container,
        signal,
        (found, abortSignal) => found.restart({ t: graceSec, abortSignal }),
        graceSec * 1000 + CALL_MS,
      ),
    pause: (container, signal) =>
      about('pausing', container, signal, (found, abortSignal) => found.pause({ abortSignal })),
    unpause: (container, signal) =>
      about('unpausing', container, signal, (found, abortSignal) => found.unpause({ abortSignal })),

    async disconnect(container, network, signal) {
      await ask(`disconnecting ${container} from ${network}`, signal, (abortSignal) =>
        docker.getNetwork(network).disconnect({ Container: container, Force: true, abortSignal }),
      );
    },

    async connect(container, network, endpoint, signal) {
      const { aliases = [], links = [], driverOpts = {}, staticIp, staticIp6 } = endpoint;
      const ipam = {
        ...(staticIp === undefined ? {} : { IPv4Address: staticIp }),
        ...(staticIp6 === undefined ? {} : { IPv6Address: staticIp6 }),
      };
      await ask(`connecting ${container} to ${network}`, signal, (abortSignal) =>
        docker.getNetwork(network).connect(
          bounded(
            {
              Container: container,
              EndpointConfig: {
                Aliases: aliases,
                Links: links,
                DriverOpts: driverOpts,
                ...(Object.keys(ipam).length > 0 ? { IPAMConfig: ipam } : {}),
              },
            },
            abortSignal,
          ),
        ),
      );
    },

    setLimits: (container, { memoryBytes, memorySwapBytes, nanoCpus, cpuQuota, cpuPeriod }, signal) =>
      about('limiting', container, signal, (found, abortSignal) =>
        found.update({
          ...(memoryBytes === undefined ? {} : { Memory: memoryBytes }),
          ...(memorySwapBytes === undefined ? {} : { MemorySwap: memorySwapBytes }),
          ...(nanoCpus === undefined ? {} : { NanoCpus: nanoCpus }),
          ...(cpuQuota === undefined ? {} : { CpuQuota: cpuQuota }),
          ...(cpuPeriod === undefined ? {} : { CpuPeriod: cpuPeriod }),
          abortSignal,
        }),
      ),

    async stats(container, signal) {
      const answer = await ask(`reading the counters of ${container}`, signal, (abortSignal) =>
        docker.getContainer(container).stats(bounded({ stream: false as const }, abortSignal)),
      );
      return statsSchema.parse(answer);
    },

    async hasImage(image, signal) {
      try {
        await ask(`looking for the image ${image}`, signal, (abortSignal) =>
          docker.getImage(image).inspect(bounded({}, abortSignal)),
        );
        return true;
      } catch (error) {
        if (error instanceof EngineError && error.reason === 'unknown') return false;
        throw error;
      }
    },

    async run(helper, signal) {
      const created = await ask(`creating ${helper.name}`, signal, (abortSignal) =>
        docker.createContainer({
          name: helper.name,
          Image: helper.image,
          Entrypoint: [],
          Cmd: helper.argv,
          User: '0',
          Labels: helper.labels,
          HostConfig: {
            NetworkMode: helper.networkMode,
            AutoRemove: helper.autoRemove,
            CapAdd: helper.capabilities ?? [],
            Binds: helper.binds ?? [],
            ...(helper.pidMode === undefined ? {} : { PidMode: helper.pidMode }),
            ...(helper.cgroupnsMode === undefined ? {} : { CgroupnsMode: helper.cgroupnsMode }),
          },
          abortSignal,
        }),
      );
      try {
        await engine.start(created.id, signal);
      } catch (error) {
        await engine.remove(created.id, AbortSignal.timeout(CALL_MS)).catch(() => {});
        throw error;
      }
      return created.id;
    },

    exec: (container, argv, signal, user) =>
      ask(
        `running ${argv[0]} in ${container}`,
        signal,
        async (abortSignal) => {
          const exec = await docker.getContainer(container).exec({
            Cmd: argv,
            AttachStdout: true,
            AttachStderr: true,
            // With a terminal the engine sends plain bytes instead of frames.
            Tty: true,
            ...(user === undefined ? {} : { User: user }),
            abortSignal,
          });
          const stream = await exec.start({ Tty: true, abortSignal });
          const output = await textOf(stream, abortSignal);
          const { ExitCode } = await exec.inspect({ abortSignal });
          return { exitCode: ExitCode ?? -1, output };
        },
        LONG_MS,
      ),

    finished: (container, signal) =>
      ask(
        `waiting for ${container}`,
        signal,
        async (abortSignal) => {
          const found = docker.getContainer(container);
          const { StatusCode } = z.object({ StatusCode: z.number() }).parse(await found.wait({ abortSignal }));
          const logs = await found.logs({ stdout: true, stderr: true, follow: false, abortSignal });
          return { exitCode: StatusCode, output: unframed(logs) };
        },
        LONG_MS,
      ),

    async remove(container, signal) {
      try {
        await about('removing', container, signal, (found, abortSignal) => found.remove({ force: true, abortSignal }));
      } catch (error) {
        const gone =
          error instanceof EngineError && (error.reason === 'unknown' || /already in progress/.test(error.message));
        if (!gone) throw error;
      }
    },
  };
  return engine;
}

/** The client takes a signal everywhere; its types know of it in some places only. */
function bounded<T extends object>(options: T, abortSignal: AbortSignal): T {
  return { ...options, abortSignal };
}

/** Answers come in milliseconds; a busy engine may take seconds to end a container. */
const CALL_MS = 10_000;
const LONG_MS = 60_000;
