import { dirname, resolve } from 'node:path';
import type { ClockSkewParams } from '../../chaos/faults/clock-skew.ts';
import type { CpuHogParams } from '../../chaos/faults/cpu-hog.ts';
import type { DownParams } from '../../chaos/faults/down.ts';
import type { EventLoopBlockParams } from '../../chaos/faults/event-loop-block.ts';
import type { FdExhaustionParams } from '../../chaos/faults/fd-exhaustion.ts';
import type { KillParams } from '../../chaos/faults/kill.ts';
import type { LatencyParams } from '../../chaos/faults/latency.ts';
import type { MemoryHogParams } from '../../chaos/faults/memory-hog.ts';
import type { PauseParams } from '../../chaos/faults/pause.ts';
import type { RestartLoopParams } from '../../chaos/faults/restart-loop.ts';
import type { SlowStartParams } from '../../chaos/faults/slow-start.ts';
import type { TerminateParams } from '../../chaos/faults/terminate.ts';
import type { User } from '../load/user.ts';
import { callSite } from './call-site.ts';
import { importSlos } from './import-slos.ts';

/**
 * The scenario API. These functions only hold what they are given, with the place they were called from; nothing is
 * checked here, so that `parseScenario` can report every problem of a scenario at once.
 */

/** Where a builder was called, `file:line:column`; kept under a symbol so that it is no key of the scenario. */
export const AT = Symbol('call site');

interface Built {
  [AT]?: string | undefined;
}

export type Flow = (user: User) => Promise<void>;

/** Units are part of the value: durations `90s`, rates over a period `1s`. A curve may also come from a file. */
export type UsersStage = { to: number; over: string } | { hold: string };
export type ArrivalsStage = { to: number; per?: string; over: string } | { hold: string };

export interface UsersSpec {
  /** From 0 users: ramps and holds, one after the other. */
  stages: UsersStage[] | CurveFile;
  /** Run again and again by each user, until its time is over. */
  flow: Flow;
  /**
   * Think time before each iteration: `5s..15s` draws evenly, `{ mean: '10s' }` exponentially, up to ten times the mean. A user
   * who thinks here and not in its flow takes a quarter of the memory, since its flow has not begun.
   */
  think?: string | { mean: string };
  /** Pacing: a user begins an iteration so long after it began the one before; at once when that took longer. */
  every?: string;
  /** When there are to be fewer users: how long one may take to the end of its iteration. Default `30s`. */
  grace?: string;
}

export interface ArrivalsSpec {
  /** From 0 iterations a second. */
  stages: ArrivalsStage[] | CurveFile;
  /** Run once by each arrival. */
  flow: Flow;
  /** `even`: as evenly as the rate allows. `poisson`: independent of each other, as people are. Default `even`. */
  process?: 'even' | 'poisson';
  /** Arrivals that find this many still under way are dropped, counted, and make the run inconclusive. Default 10,000. */
  maxInFlight?: number;
}

/** A curve in a CSV file beside the scenario: see `curve`. */
export interface CurveFile extends Built {
  csv: string;
}

export interface UsersLoad extends UsersSpec, Built {
  model: 'users';
}

export interface ArrivalsLoad extends ArrivalsSpec, Built {
  model: 'arrivals';
}

export interface FaultSpec extends Built {
  kind: string;
  params: unknown;
}

/** What any fault can be given, wherever it stands. */
export interface FaultOptions {
  fault: FaultSpec;
  /** What the report calls it; the fault's kind unless told. One that comes again gets a number. */
  name?: string;
  /** At most so many of the targets that its selector finds, drawn by the seed. */
  limit?: number;
  /** At most this share of them, in percent; one at least. */
  percent?: number;
  /** Selectors of nodes and links that it must not hit. */
  never?: string[];
}

export interface FaultEntry extends FaultOptions {
  /** After the load starts; with `after` not before. */
  at?: string;
  /** When an expression in PromQL has held for a time; not at all when that takes longer than `within`. */
  after?: { promql: string; is: string; for?: string; within?: string };
  /** Again and again, each time later by up to `jitter`; until the load ends, or `times` often. */
  every?: string;
  jitter?: string;
  times?: number;
  for: string;
}

export interface Schedule extends Built {
  schedule: 'sequence' | 'parallel' | 'nemesis';
  params: unknown;
}

/** Which windows an objective is judged in: all of a kind, or those of one fault. All four kinds unless told. */
export type During = 'steady' | 'fault' | 'recovery' | 'whole' | `fault:${string}` | `recovery:${string}`;

interface ClientMeasures {
  p50: string;
  p90: string;
  p95: string;
  p99: string;
  p999: string;
  max: string;
  /** Share of requests that failed, as in `< 1%`. */
  errors: string;
  /** Requests a second, as in `> 100/s`. */
  rate: string;
}

type OneOf<Choices> = {
  [Key in keyof Choices]: Pick<Choices, Key> & { [Other in Exclude<keyof Choices, Key>]?: never };
}[keyof Choices];

/** Judged on the agents' merged histograms; latency is counted from when the request was due. */
export type ClientObjective = OneOf<ClientMeasures> & {
  /** Name of the requests it is about. */
  of: string;
  during?: During | During[];
};

/**
 * Judged on what the monitor scraped: the limit must hold at every second of a window. `$window` in the expression
 * stands for the window's length; such an expression is evaluated once, at the window's end.
 */
export interface PromqlObjective {
  promql: string;
  is: string;
  during?: During | During[];
  /** What a window without any data comes to. Default `inconclusive`. */
  noData?: 'inconclusive' | 'pass' | 'fail';
}

export type SloSpec = ClientObjective | PromqlObjective;

export interface Slo extends Built {
  name: string;
  spec: SloSpec;
}

/** What ends a run before its time. `for` is how long it must hold without a break. */
export type StopRule =
  | { promql: string; is: string; for: string }
  /** Requests of the last ten seconds, as in a promise: `{ of: 'checkout', errors: '> 20%', for: '5s' }`. */
  | ({ of: string; for: string } & Partial<ClientMeasures>)
  /** The harness itself: how late requests leave, how long its loop stands still, its busiest agent, agents lost. */
  | { harness: 'lateness' | 'loopLag' | 'cpu' | 'agentsLost'; is: string; for: string };

export interface ScenarioDefinition {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** What the run is to find out. */
  question?: string;
  /**
   * The reference shop, embedded or with `compose` out of real parts in containers; or a system of your own, whose faults
   * need its topology (a JSON file, see docs).
   */
  target: 'reference' | 'compose' | { url: string; topology?: string };
  load: Record<string, UsersLoad | ArrivalsLoad>;
  /** Runs once before the load. What it returns (plain data) every user gets from `user.setup()`. */
  setup?: (user: User) => Promise<unknown>;
  /** Runs once after the load, whatever became of it. */
  teardown?: (user: User) => Promise<void>;
  http?: HttpSpec;
  faults?: (FaultEntry | Schedule)[];
  slos?: Slo[];
  invariants?: string[];
  /** Ends the run, heals, and exits with code 5. */
  stopWhen?: StopRule[];
  /** Time at the start that no objective is judged in. Default `5s`. */
  warmUp?: string;
  /** Longest time after a fault that counts as its recovery. Default `30s`. */
  recovery?: string;
  seed?: number;
  agents?: number;
  /** How well the harness itself must do for the numbers to count. */
  validity?: {
    /** Default `< 50ms`. */
    lateness?: string;
    /** Share of due requests that were sent in time to count. Default `> 99%`. */
    rateKept?: string;
    /** CPU of the busiest agent, as a share of one core. Default `< 90%`. */
    cpu?: string;
    /** Share of scrapes that may fail outside faults. Default `< 5%`. */
    scrapeGaps?: string;
  };
}

/** How requests go over the wire. */
export interface HttpSpec {
  /**
   * `wire`: Stampede's own HTTP/1.1, the default for http. `undici`: slower, and the default for https, HTTP/2 and
   * proxies.
   */
  driver?: 'wire' | 'undici';
  /** A pool that all users share (the default), or a connection for each user as browsers have. */
  connections?: 'shared' | 'per-user';
  /** Addresses of this machine that connections come from in turn, such as `127.0.0.2`: each has its own ports. */
  localAddresses?: string[];
  /** Over TLS, where the server offers it. */
  http2?: boolean;
  /** Address of an HTTP proxy. */
  proxy?: string;
  /** Takes any certificate. */
  insecure?: boolean;
}

export interface Scenario extends Built {
  stampede: 'scenario';
  definition: ScenarioDefinition;
}

export function scenario(definition: ScenarioDefinition): Scenario {
  return { stampede: 'scenario', definition, [AT]: callSite(scenario) };
}

/** Closed model: so many users, each going through the flow again and again with its own think time. */
export function users(spec: UsersSpec): UsersLoad {
  return { model: 'users', ...spec, [AT]: callSite(users) };
}

/** Open model: iterations begin on schedule, whatever the target does. */
export function arrivals(spec: ArrivalsSpec): ArrivalsLoad {
  return { model: 'arrivals', ...spec, [AT]: callSite(arrivals) };
}

/**
 * A curve from a CSV file, its path relative to the scenario's: lines of `time,value`, times as `90s` or in seconds,
 * with straight lines between them. Values are users, or arrivals a second.
 */
export function curve(csv: string): CurveFile {
  return { csv, [AT]: callSite(curve) };
}

/** One of several flows, drawn by each user anew for each iteration: `weighted([70, browse], [30, buy])`. */
export function weighted(...choices: [weight: number, flow: Flow][]): Flow & { choices: typeof choices } {
  const total = choices.reduce((sum, [weight]) => sum + weight, 0);
  const draw: Flow = (user) => {
    let left = user.random() * total;
    for (const [weight, flow] of choices) {
      left -= weight;
      if (left < 0) return flow(user);
    }
    return Promise.resolve();
  };
  return Object.assign(draw, { choices });
}

/** A promise about the system: a service level objective. */
export function slo(name: string, spec: SloSpec): Slo {
  return { name, spec, [AT]: callSite(slo) };
}

/** Promises from an OpenSLO v1 or Sloth file, its path relative to the scenario: `...slo.import('./slos.yaml')`. */
slo.import = function importFile(path: string): Slo[] {
  const at = callSite(importFile);
  const from = at === undefined ? process.cwd() : dirname(at.replace(/:\d+:\d+$/, ''));
  return importSlos(resolve(from, path)).map((promise) => ({ ...promise, [AT]: at }));
};

/** Faults one after the other, with a gap between them. */
export function sequence(params: { at: string; gap?: string; faults: (FaultOptions & { for: string })[] }): Schedule {
  return { schedule: 'sequence', params, [AT]: callSite(sequence) };
}

/** Faults at the same time; each lasts for its own time, or for the group's. */
export function parallel(params: { at: string; for?: string; faults: (FaultOptions & { for?: string })[] }): Schedule {
  return { schedule: 'parallel', params, [AT]: callSite(parallel) };
}

/**
 * Draws a fault by weight every so often, while fewer than `atMost` (1 unless told) are on. The same seed (the run's unless told)
 * draws the same faults, targets and times: the plan has them all.
 */
export function nemesis(params: {
  every: string;
  jitter?: string;
  /** Of the load's time; `10s` and its end unless told. */
  from?: string;
  until?: string;
  atMost?: number;
  seed?: number;
  faults: (FaultOptions & { for: string; weight?: number })[];
}): Schedule {
  return { schedule: 'nemesis', params, [AT]: callSite(nemesis) };
}

/** Answers over a link take longer. */
export function latency(params: LatencyParams): FaultSpec {
  return { kind: 'latency', params, [AT]: callSite(latency) };
}

/** A link is cut. */
export function down(params: DownParams): FaultSpec {
  return { kind: 'down', params, [AT]: callSite(down) };
}

/** A process or a container is killed. */
export function kill(params: KillParams): FaultSpec {
  return { kind: 'kill', params, [AT]: callSite(kill) };
}

/** A node is asked to end, as by a rolling update. */
export function terminate(params: TerminateParams): FaultSpec {
  return { kind: 'terminate', params, [AT]: callSite(terminate) };
}

/** A node is there and does nothing: connections stay open, nobody answers. */
export function pause(params: PauseParams): FaultSpec {
  return { kind: 'pause', params, [AT]: callSite(pause) };
}

/** A node comes up and goes down again, over and over. */
export function restartLoop(params: RestartLoopParams): FaultSpec {
  return { kind: 'restart-loop', params, [AT]: callSite(restartLoop) };
}

/** A node crashes and takes its time to come back. */
export function slowStart(params: SlowStartParams): FaultSpec {
  return { kind: 'slow-start', params, [AT]: callSite(slowStart) };
}

/** Busy loops run beside a node, on the processors it may use. */
export function cpuHog(params: CpuHogParams): FaultSpec {
  return { kind: 'cpu-hog', params, [AT]: callSite(cpuHog) };
}

/** Memory of the machine is used up beside a node. */
export function memoryHog(params: MemoryHogParams): FaultSpec {
  return { kind: 'memory-hog', params, [AT]: callSite(memoryHog) };
}

/** A node runs out of file descriptors. */
export function fdExhaustion(params: FdExhaustionParams): FaultSpec {
  return { kind: 'fd-exhaustion', params, [AT]: callSite(fdExhaustion) };
}

/** A node stands still again and again. */
export function eventLoopBlock(params: EventLoopBlockParams): FaultSpec {
  return { kind: 'event-loop-block', params, [AT]: callSite(eventLoopBlock) };
}

/** The clock of a node is wrong. */
export function clockSkew(params: ClockSkewParams): FaultSpec {
  return { kind: 'clock-skew', params, [AT]: callSite(clockSkew) };
}
