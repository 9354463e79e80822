/** A node as it should run. */
export interface NodeSpec {
  name: string;
  role: string;
  region?: string;
  /** The real part it is, where it is none of this program's. */
  part?: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** The folder its processes work in, when it is a server with processes of its own (PostgreSQL, RabbitMQ, nginx). */
  folder?: string;
  /** The user to run as, for a program that refuses to be root. */
  uid?: number;
  /** How the node knows that the supervisor is gone: its end of an IPC channel, its standard input, or not at all. */
  tether: 'ipc' | 'stdin' | 'none';
  stopSignal: NodeJS.Signals;
  /** For the message when it does not: `become ready`, `accept connections`. */
  expectation: string;
  /** Resolves when the node can do its work; rejects with what is missing. `strict` at the first start: all of it. */
  probe: (strict: boolean) => Promise<void>;
}

/** `held` is down on purpose, `paused` is there and stopped. */
export type NodeState = 'starting' | 'ready' | 'paused' | 'held' | 'down';

export interface NodeStatus {
  name: string;
  role: string;
  part?: string;
  pid: number | null;
  state: NodeState;
  restarts: number;
  /** How the process before this one ended. */
  lastExit: { code: number | null; signal: string | null } | null;
  /** When it came into this state, ISO 8601. */
  since: string;
}
