import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunClock } from '../clock.ts';
import { EXIT, StampedeError } from '../errors.ts';
import type { Plan } from '../scenario/plan.ts';
import type { FromAgent, Snapshot, ToAgent } from './protocol.ts';

export interface FleetOptions {
  plan: Plan;
  scenarioFile: string;
  baseUrl: string;
  clock: RunClock;
  onSnapshot: (agent: number, snapshot: Snapshot) => void;
  onLost: (agent: number, reason: string) => void;
  onDone: (agent: number) => void;
}

interface Member {
  index: number;
  process: ChildProcess;
  epoch: number;
  ready: PromiseWithResolvers<string>;
  ended: PromiseWithResolvers<void>;
  state: 'starting' | 'ready' | 'running' | 'done' | 'lost';
  lastSeq: number;
}

/**
 * The agent processes of this machine. `ready` forks them and waits until each has loaded the scenario; `start` lets
 * them begin together; `finished` resolves when each is done or lost. Data is complete when every agent is done and no
 * snapshot number is missing.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members: Member[];

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#members = Array.from({ length: options.plan.agents }, (_, index) => this.#fork(index));
  }

  get alive(): number {
    return this.#members.filter((member) => member.state !== 'lost').length;
  }

  get done(): number {
    return this.#members.filter((member) => member.state === 'done').length;
  }

  get pids(): number[] {
    return this.#members.flatMap((member) => (member.process.pid === undefined ? [] : [member.process.pid]));
  }

  /** Where each agent can be scraped. Throws when one does not get ready in time. */
  async ready(deadlineMs: number): Promise<string[]> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const waiting = this.#members.filter((member) => member.state === 'starting').map((member) => member.index);
      late.reject(
        new StampedeError(
          'agents/not-ready',
          `Agent ${waiting.join(', ')} was not ready within ${deadlineMs / 1_000} s.`,
          {
            exitCode: EXIT.environment,
            hint: 'the machine may be busy; try fewer agents with --agents 1',
          },
        ),
      );
    }, deadlineMs);
    try {
      return await Promise.race([Promise.all(this.#members.map((member) => member.ready.promise)), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  start(atMs: number): void {
    for (const member of this.#members) {
      if (member.state !== 'ready') continue;
      member.state = 'running';
      this.#tell(member, { kind: 'start', epoch: member.epoch, atMs });
    }
  }

  /** Nothing new begins; requests under way may still end. */
  stop(): void {
    for (const member of this.#members) this.#tell(member, { kind: 'stop', epoch: member.epoch });
  }

  get finished(): Promise<void> {
    return Promise.all(this.#members.map((member) => member.ended.promise)).then(() => {});
  }

  /** Ends the processes, whatever they are doing, and waits until they are gone. */
  async close(): Promise<void> {
    await Promise.all(
      this.#members.map(({ process: child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return gone;
      }),
    );
  }

  #fork(index: number): Member {
    const child = fork(fileURLToPath(new URL('agent.ts', import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A small young generation keeps the pauses of garbage collection short, and with them lateness (docs/architecture.md).
      execArgv: ['--max-semi-space-size=4', '--disable-warning=ExperimentalWarning'],
    });
    const member: Member = {
      index,
      process: child,
      epoch: 1,
      ready: Promise.withResolvers(),
      ended: Promise.withResolvers(),
      state: 'starting',
      lastSeq: 0,
    };
    // Nobody may be waiting for it yet, or any more.
    member.ready.promise.catch(() => {});
    child.on('message', (message: FromAgent) => this.#receive(member, message));
    child.on('error', (error) => this.#lose(member, error.message));
    child.on('exit', (code, signal) => this.#lose(member, signal ? `killed by ${signal}` : `exited with code ${code}`));
    return member;
  }

  #receive(member: Member, message: FromAgent): void {
    const { plan, scenarioFile, baseUrl, clock } = this.#options;
    if (message.kind !== 'hello' && message.epoch !== member.epoch) return;
    switch (message.kind) {
      case 'hello':
        this.#tell(member, {
          kind: 'assign',
          epoch: member.epoch,
          share: { index: member.index, of: plan.agents },
          plan,
          scenarioFile,
          baseUrl,
          clock: clock.zero,
        });
        return;
      case 'ready':
        member.state = 'ready';
        member.ready.resolve(message.metricsUrl);
        return;
      case 'renew':
        this.#tell(member, { kind: 'renewed', epoch: member.epoch, askedMs: message.askedMs });
        return;
      case 'snapshot': {
        const { snapshot } = message;
        if (snapshot.seq !== member.lastSeq + 1) {
          this.#lose(member, `snapshot ${member.lastSeq + 1} is missing`);
          return;
        }
        member.lastSeq = snapshot.seq;
        this.#options.onSnapshot(member.index, snapshot);
        return;
      }
      case 'done':
        if (message.lastSeq !== member.lastSeq) {
          this.#lose(member, `snapshots ${member.lastSeq + 1} to ${message.lastSeq} are missing`);
          return;
        }
        member.state = 'done';
        this.#options.onDone(member.index);
        member.ended.resolve();
        return;
      case 'failed':
        this.#lose(member, message.message);
        return;
      default:
        message satisfies never;
    }
  }

  #lose(member: Member, reason: string): void {
    if (member.state === 'done' || member.state === 'lost') return;
    if (member.state === 'starting') {
      member.ready.reject(
        new StampedeError('agents/did-not-start', `Agent ${member.index} did not start: ${reason}.`, {
          exitCode: EXIT.environment,
        }),
      );
    }
    member.state = 'lost';
    member.process.kill('SIGKILL');
    this.#options.onLost(member.index, reason);
    member.ended.resolve();
  }

  #tell(member: Member, message: ToAgent): void {
    if (member.process.connected) member.process.send(message, () => {});
  }
}
