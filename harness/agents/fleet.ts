import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunClock } from '../clock.ts';
import { EXIT, StampedeError } from '../errors.ts';
import { comingMs } from '../load/closed-group.ts';
import type { CurvePoint } from '../load/schedule.ts';
import { dealt, type Share } from '../load/share.ts';
import type { Thinking } from '../load/think-time.ts';
import { type Plan, peakUsers } from '../scenario/plan.ts';
import { agentFlags } from './agent-flags.ts';
import { type FromAgent, LEASE_MS, RENEW_MS, type Snapshot, type ToAgent } from './protocol.ts';

export interface FleetOptions {
  plan: Plan;
  scenarioFile: string;
  baseUrl: string;
  clock: RunClock;
  onSnapshot: (agent: number, snapshot: Snapshot) => void;
  onLost: (lost: LostAgent) => void;
  onDone: (agent: number) => void;
}

/** An agent that ended before its time. */
export interface LostAgent {
  agent: number;
  reason: string;
  /** Which part of all users and arrivals it had, 0..1. */
  part: number;
  /** When its last snapshot was taken; what it did afterwards nobody knows. */
  seenMs: number;
  /** Who has its users now; nobody when it was the last. */
  handedTo: number[];
  /** How long these take until all of them are there. */
  comingMs: number;
}

interface Member {
  index: number;
  process: ChildProcess;
  shares: Share[];
  epoch: number;
  ready: PromiseWithResolvers<string>;
  ended: PromiseWithResolvers<void>;
  state: 'starting' | 'ready' | 'running' | 'done' | 'lost';
  lastSeq: number;
  /** Run clock, of its last snapshot and of its last word. */
  seenMs: number;
  heardMs: number;
}

/**
 * The agent processes of this machine. `ready` forks them and waits until each has loaded the scenario; `start` lets
 * them begin together; `finished` resolves when each is done or lost. Data is complete when every agent is done and no
 * snapshot number is missing. The users of an agent that is lost go to the others at once; it is dead by then, so
 * nobody acts twice.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members: Member[];
  #generation = 0;
  #listening: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#members = Array.from({ length: options.plan.agents }, (_, index) => this.#fork(index));
  }

  /** In the agents' order. */
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

  /** `setup` is plain data that every user gets. */
  start(atMs: number, setup: unknown): void {
    for (const member of this.#members) {
      if (member.state !== 'ready') continue;
      member.state = 'running';
      member.seenMs = atMs;
      member.heardMs = atMs;
      this.#tell(member, { kind: 'start', epoch: member.epoch, atMs, setup });
    }
    this.#listening = setInterval(() => this.#loseSilent(), RENEW_MS);
  }

  /** From now on the load follows these curves, and lasts so long from its start. */
  adjust(curves: Record<string, CurvePoint[]>, durationMs: number): void {
    for (const member of this.#running())
      this.#tell(member, { kind: 'adjust', epoch: member.epoch, curves, durationMs });
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
    clearInterval(this.#listening);
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
    const { plan } = this.#options;
    const child = fork(fileURLToPath(new URL('agent.ts', import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: agentFlags(plan.http.driver, {
        between: peakUsers(plan, 'between') / plan.agents,
        inFlow: peakUsers(plan, 'in-flow') / plan.agents,
      }),
    });
    const member: Member = {
      index,
      process: child,
      shares: [{ index, of: this.#options.plan.agents }],
      epoch: 1,
      ready: Promise.withResolvers(),
      ended: Promise.withResolvers(),
      state: 'starting',
      lastSeq: 0,
      seenMs: 0,
      heardMs: 0,
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
    member.heardMs = clock.nowMs();
    switch (message.kind) {
      case 'hello':
        this.#tell(member, {
          kind: 'assign',
          epoch: member.epoch,
          agent: member.index,
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
        member.seenMs = snapshot.tMs;
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
    const wasRunning = member.state === 'running';
    member.state = 'lost';
    // It is dead before anybody else gets its users.
    member.process.kill('SIGKILL');
    const { index: agent, seenMs, shares } = member;
    const part = shares.reduce((sum, { of }) => sum + 1 / of, 0);
    const handedTo = wasRunning ? this.#handOver(shares) : [];
    const coming = (thinking: Thinking) =>
      comingMs((peakUsers(this.#options.plan, thinking) * part) / Math.max(1, handedTo.length), thinking);
    const lastMs = Math.max(coming('between'), coming('in-flow'));
    this.#options.onLost({ agent, reason, part, seenMs, handedTo, comingMs: lastMs });
    member.ended.resolve();
  }

  /** Deals shares out to those that still run, and says who they are. */
  #handOver(shares: readonly Share[]): number[] {
    const heirs = this.#running();
    if (heirs.length === 0) return [];
    this.#generation++;
    const parts = shares.map((share) => dealt(share, heirs.length));
    for (const [index, heir] of heirs.entries()) {
      const adopted = parts.flatMap((each) => each[index] ?? []);
      heir.shares.push(...adopted);
      this.#tell(heir, { kind: 'adopt', epoch: heir.epoch, shares: adopted, generation: this.#generation });
    }
    return heirs.map((heir) => heir.index);
  }

  /** One that has said nothing for longer than its lease has stopped its load, or hangs in a flow. */
  #loseSilent(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const member of this.#running()) {
      const silentMs = nowMs - member.heardMs;
      if (silentMs <= LEASE_MS + RENEW_MS) continue;
      const flows = this.#options.plan.loads.map((load) => load.name).join(' or ');
      this.#lose(
        member,
        `not a word for ${Math.round(silentMs / 1_000)} s; it is stopped, or the flow of ${flows} never awaits anything and blocks it`,
      );
    }
  }

  #running(): Member[] {
    return this.#members.filter((member) => member.state === 'running');
  }

  #tell(member: Member, message: ToAgent): void {
    if (member.process.connected) member.process.send(message, () => {});
  }
}
