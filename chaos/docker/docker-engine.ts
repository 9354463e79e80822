import type {
  ContainerLimits,
  ContainerState,
  ContainerStats,
  ContainerSummary,
  EngineVersion,
  NetworkEndpoint,
} from './engine-answers.ts';

/** What faults ask of an engine. Containers are named by name or id; every call has a deadline of its own too. */
export interface DockerEngine {
  readonly address: string;
  version(signal: AbortSignal): Promise<EngineVersion>;
  /** Where the engine keeps images and writable layers, on its own machine. */
  rootDirectory(signal: AbortSignal): Promise<string>;
  /** All containers, running or not; `labels` narrows them: `['com.docker.compose.service=orders']`. */
  containers(signal: AbortSignal, labels?: string[]): Promise<ContainerSummary[]>;
  /** Throws, with the nearest right name, when there is none. */
  inspect(container: string, signal: AbortSignal): Promise<ContainerState>;
  /** Undefined when there is none. */
  find(container: string, signal: AbortSignal): Promise<ContainerState | undefined>;
  kill(container: string, unixSignal: string, signal: AbortSignal): Promise<void>;
  start(container: string, signal: AbortSignal): Promise<void>;
  restart(container: string, graceSec: number, signal: AbortSignal): Promise<void>;
  pause(container: string, signal: AbortSignal): Promise<void>;
  unpause(container: string, signal: AbortSignal): Promise<void>;
  disconnect(container: string, network: string, signal: AbortSignal): Promise<void>;
  /** With the aliases, the links and the static addresses that an endpoint had. */
  connect(container: string, network: string, endpoint: Partial<NetworkEndpoint>, signal: AbortSignal): Promise<void>;
  /** Only what is given is changed; the engine takes 0 as not given. */
  setLimits(container: string, limits: Partial<ContainerLimits>, signal: AbortSignal): Promise<void>;
  /** Takes about a second: the engine reads the counters twice. */
  stats(container: string, signal: AbortSignal): Promise<ContainerStats>;
  hasImage(image: string, signal: AbortSignal): Promise<boolean>;
  /** Creates and starts a container of our own, and returns its id. */
  run(helper: HelperContainer, signal: AbortSignal): Promise<string>;
  /** Runs a program in a container to its end. */
  exec(container: string, argv: string[], signal: AbortSignal, user?: string): Promise<Finished>;
  /** Waits for the end of a container. */
  finished(container: string, signal: AbortSignal): Promise<Finished>;
  /** With force; a container that is not there is fine. */
  remove(container: string, signal: AbortSignal): Promise<void>;
}

export interface HelperContainer {
  name: string;
  image: string;
  argv: string[];
  labels: Record<string, string>;
  /** As the engine takes it: `container:<id>`, `none`. */
  networkMode: string;
  capabilities?: string[];
  /** `host`: sees the machine's processes. */
  pidMode?: string;
  cgroupnsMode?: 'host';
  /** `/here:/there:ro` */
  binds?: string[];
  autoRemove: boolean;
}

export interface Finished {
  exitCode: number;
  /** What it wrote, standard error included. */
  output: string;
}
