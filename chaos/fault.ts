import type { z } from 'zod';
import type { ContainerBaseline } from './docker/container-baseline.ts';
import type { Topology } from './topology.ts';
import type { UndoStep } from './undo.ts';

/**
 * A kind of fault: one small file each. A fault moves through resolve, baseline, apply, prove; what undoes it is plain
 * data (`undoOf`) that is on disk before `apply` is called, so that another process can undo it after a crash.
 */
export interface FaultKind<Params, Target extends FaultTarget> {
  readonly kind: string;
  readonly family: FaultFamily;
  /** One sentence for the catalogue. */
  readonly about: string;
  /** What must be there for it, for the catalogue: `a link through a fault proxy`. */
  readonly needs: string;
  /** How a person knows it worked, for the catalogue. */
  readonly provenBy: string;
  /** What ends it, for the catalogue; the fault's own lease included, where it has one. */
  readonly undoneBy: string;
  /** Each field is described (`.describe`) with its unit and its range. */
  readonly params: z.ZodType<Params>;
  /** Finds all that the fault may hit, in the topology's order. Nothing found is an error, before anything is started. */
  resolve(params: Params, topology: Topology): Resolved<Target>;
  /** The settings in words: `800 ms, jitter 200 ms`. */
  settings(params: Params): string;
  /**
   * Looks up what the undo step must say and the topology does not: which container it is, which limits are in force. Called
   * right before `undoOf`, where there is one. When it throws, nothing is applied.
   */
  prepare?(params: Params, target: Target, signal: AbortSignal): Promise<void>;
  undoOf(params: Params, target: Target, id: string): UndoStep;
  /** Measures the unharmed target; called at the start of the timeline and again right before `apply`. */
  baseline(target: Target, signal: AbortSignal): Promise<Baseline>;
  apply(params: Params, target: Target, how: Application): Promise<void>;
  /** Lets it stay for `leaseMs` from now. Absent where nothing can be renewed: its lease is then as long as the fault. */
  renew?(params: Params, target: Target, how: Renewal): Promise<void>;
  /** False for what happens at one moment and is over then: its effect is not looked for again. True unless told. */
  lasts?(params: Params): boolean;
  /**
   * Measures the effect by a path that does not trust `apply`. Returns when proven or when the signal aborts. Asked again
   * for as long as the fault lasts: an effect that ends early is no effect.
   */
  prove(params: Params, target: Target, before: Baselines, signal: AbortSignal): Promise<Proof>;
}

export type FaultFamily = 'network' | 'process' | 'container' | 'resource' | 'dependency' | 'data' | 'load' | 'harness';

export interface FaultTarget {
  /** As people call it: `orders->shard-eu-0`, `gateway-1`. */
  name: string;
  /**
   * What of the system the fault takes for itself, as `link:orders->shard-eu-0` or `node:gateway-1`. Two faults that take the
   * same at the same time are refused. `/` makes it finer: `link:a->b/latency` meets `link:a->b`, not `link:a->b/bandwidth`.
   */
  takes: string;
}

export type Resolved<Target> = { ok: true; targets: [Target, ...Target[]] } | { ok: false; problem: string };

/** `id` marks what is ours; `forMs` is how long the fault is meant to last. */
export interface Application {
  id: string;
  forMs: number;
  /** After so long it lifts itself unless it is renewed; unless told as `leaseMs(forMs)` has it. */
  leaseMs?: number;
  signal: AbortSignal;
}

/**
 * `pid` for a process, `container` for a container; for a link the time of a round trip, and the bytes it had carried just before and just after that
 * measurement, so that bytes of our own can be left out.
 */
export interface Baseline {
  roundTripMs?: number;
  bytesBefore?: number;
  bytesAfter?: number;
  /** What a connection over the link carries when nothing holds it back. */
  bytesPerSec?: number;
  pid?: number;
  /** How others were seen to use a link: `2,100 bytes of others`. */
  others?: string;
  /** Any other figure that a fault compares with later: keys in a cache, jobs delivered again. */
  count?: number;

  container?: ContainerBaseline;
  /** Share of the time for which a process was ready to run and had no CPU; a thread each counts. */
  cpuWaitShare?: number;
  /** That the target itself counted: a figure for each of a few windows, by the address of the page of metrics. */
  requestsPerSec?: Record<string, number[]>;
  /** Of a question to /livez. */
  livezMs?: number;
}

export interface Renewal {
  id: string;
  leaseMs: number;
  signal: AbortSignal;
}

/** What was measured when the timeline was armed, and just before the fault was applied. */
export interface Baselines {
  armed: Baseline;
  applied: Baseline;
  /** It has been proven before: that the system used what is harmed need not be seen again. It may have learnt not to. */
  proven?: true;
}

/** `evidence` is a sentence with the measured figures, whichever way it went. */
export type Proof = { proven: true; evidence: string } | { proven: false; evidence: string };
