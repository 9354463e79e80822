import { z } from 'zod';
import { killContainer } from './docker/kill-container.ts';
import { pauseContainer } from './docker/pause-container.ts';
import { either } from './either.ts';
import type {
  Application,
  Baseline,
  Baselines,
  FaultFamily,
  FaultKind,
  FaultTarget,
  Proof,
  Renewal,
  Resolved,
} from './fault.ts';
import { agentKilled } from './faults/agent-killed.ts';
import { badAnswer } from './faults/bad-answer.ts';
import { bandwidth } from './faults/bandwidth.ts';
import { brokerDown } from './faults/broker-down.ts';
import { cacheFlush } from './faults/cache-flush.ts';
import { clockSkew } from './faults/clock-skew.ts';
import { cpuHog } from './faults/cpu-hog.ts';

import { cpuLimit } from './faults/cpu-limit.ts';
import { disconnect } from './faults/disconnect.ts';

import { diskWriteLimit } from './faults/disk-write-limit.ts';
import { down } from './faults/down.ts';
import { duplicateDelivery } from './faults/duplicate-delivery.ts';
import { eventLoopBlock } from './faults/event-loop-block.ts';
import { fdExhaustion } from './faults/fd-exhaustion.ts';
import { flapping } from './faults/flapping.ts';
import { hotKey } from './faults/hot-key.ts';
import { kill } from './faults/kill.ts';
import { latency } from './faults/latency.ts';
import { limitData } from './faults/limit-data.ts';
import { lostAck } from './faults/lost-ack.ts';
import { memoryHog } from './faults/memory-hog.ts';
import { memoryLimit } from './faults/memory-limit.ts';
import { monitorCut } from './faults/monitor-cut.ts';
import { oom } from './faults/oom.ts';
import { packetLoss } from './faults/packet-loss.ts';
import { partition } from './faults/partition.ts';
import { pause } from './faults/pause.ts';
import { rate } from './faults/rate.ts';
import { reject } from './faults/reject.ts';
import { replicaLag } from './faults/replica-lag.ts';
import { resetPeer } from './faults/reset-peer.ts';
import { restart } from './faults/restart.ts';
import { restartLoop } from './faults/restart-loop.ts';
import { slicer } from './faults/slicer.ts';
import { slowClose } from './faults/slow-close.ts';
import { slowReaders } from './faults/slow-readers.ts';
import { slowShard } from './faults/slow-shard.ts';
import { slowStart } from './faults/slow-start.ts';
import { stop } from './faults/stop.ts';
import { terminate } from './faults/terminate.ts';
import { thunderingHerd } from './faults/thundering-herd.ts';
import { timeout } from './faults/timeout.ts';
import { resolvedTo } from './resolved-to.ts';
import { settingProblems } from './setting-problem.ts';
import { suggestion } from './suggestion.ts';
import type { Topology } from './topology.ts';
import type { UndoStep } from './undo.ts';

/** A fault with its settings, ready to be aimed: what a scenario's `latency({...})` becomes after parsing. */
export interface BoundFault {
  kind: string;
  settings: string;
  resolve(topology: Topology): Resolved<AimedFault>;
}

/** A fault with one target found: all that is left is to do it. */
export interface AimedFault {
  kind: string;
  settings: string;
  target: string;
  /** What of the system it takes for itself: see FaultTarget. */
  takes: string[];
  /** Before `undoOf`, always. */
  prepare(signal: AbortSignal): Promise<void>;
  undoOf(id: string): UndoStep;
  baseline(signal: AbortSignal): Promise<Baseline>;
  apply(how: Application): Promise<void>;
  prove(before: Baselines, signal: AbortSignal): Promise<Proof>;
  /** Undefined where nothing can be renewed. */
  renew: ((how: Renewal) => Promise<void>) | undefined;
  /** Its effect can be seen for as long as it lasts. */
  lasts: boolean;
}

export type Bound =
  | { ok: true; fault: BoundFault }
  | { ok: false; problems: { path: (string | number)[]; message: string }[] };

interface CatalogueEntry {
  kind: string;
  family: FaultFamily;
  about: string;
  needs: string;
  provenBy: string;
  undoneBy: string;
  /** Its settings, by name, and what each means. */
  fields: { name: string; about: string }[];
  bind(params: unknown): Bound;
}

/** Every fault there is. */
export const catalogue: readonly CatalogueEntry[] = [
  entry(latency),
  entry(bandwidth),
  entry(timeout),
  entry(resetPeer),
  entry(slicer),
  entry(limitData),
  entry(slowClose),
  entry(down),
  entry(flapping),
  entry(lostAck),
  entry(badAnswer),
  entry(slowShard),
  entry(duplicateDelivery),
  entry(replicaLag),
  entry(brokerDown),
  entry(cacheFlush),
  entry(agentKilled),
  entry(monitorCut),
  entry(terminate),
  entry(either(pause, pauseContainer)),
  entry(either(kill, killContainer)),
  entry(stop),
  entry(restart),
  entry(disconnect),
  entry(cpuLimit),
  entry(memoryLimit),
  entry(oom),
  entry(rate),
  entry(packetLoss),
  entry(reject),
  entry(partition),
  entry(diskWriteLimit),
  entry(restartLoop),
  entry(slowStart),
  entry(cpuHog),
  entry(memoryHog),
  entry(fdExhaustion),
  entry(eventLoopBlock),
  entry(clockSkew),
  entry(slowReaders),
  entry(hotKey),
  entry(thunderingHerd),
];

/** Checks a fault's settings; every problem at once. */
export function bindFault(kind: string, params: unknown): Bound {
  const found = catalogue.find((candidate) => candidate.kind === kind);
  if (found) return found.bind(params);
  const kinds = catalogue.map((candidate) => candidate.kind);
  return { ok: false, problems: [{ path: ['kind'], message: `no such fault '${kind}'. ${suggestion(kind, kinds)}` }] };
}

/** Hides a kind's own types behind closures, so that a list can hold faults of all kinds. */
function entry<Params, Target extends FaultTarget>(kind: FaultKind<Params, Target>): CatalogueEntry {
  const shape = kind.params instanceof z.ZodObject ? kind.params.shape : {};
  const names = Object.keys(shape);
  const { family, about, needs, provenBy, undoneBy } = kind;
  return {
    kind: kind.kind,
    family,
    about,
    needs,
    provenBy,
    undoneBy,
    fields: Object.entries(shape).map(([name, field]) => ({ name, about: describing(field) })),
    bind(params) {
      const parsed = kind.params.safeParse(params);
      if (!parsed.success) {
        const problems = parsed.error.issues.flatMap((issue) => settingProblems(issue, params, names));
        return { ok: false, problems };
      }
      const settings = kind.settings(parsed.data);
      return {
        ok: true,
        fault: { kind: kind.kind, settings, resolve: (topology) => aim(kind, parsed.data, settings, topology) },
      };
    },
  };
}

function aim<Params, Target extends FaultTarget>(
  kind: FaultKind<Params, Target>,
  params: Params,
  settings: string,
  topology: Topology,
): Resolved<AimedFault> {
  const resolved = kind.resolve(params, topology);
  if (!resolved.ok) return resolved;
  const targets = resolved.targets.map((target): AimedFault => {
    return {
      kind: kind.kind,
      settings,
      target: target.name,
      takes: [target.takes],
      prepare: async (signal) => kind.prepare?.(params, target, signal),
      undoOf: (id) => kind.undoOf(params, target, id),
      baseline: (signal) => kind.baseline(target, signal),
      apply: (how) => kind.apply(params, target, how),
      prove: (before, signal) => kind.prove(params, target, before, signal),
      renew: kind.renew && ((how) => renewed(kind, params, target, how)),
      lasts: kind.lasts?.(params) ?? true,
    };
  });
  return resolvedTo(targets, `${kind.kind} found no target`);
}

async function renewed<Params, Target extends FaultTarget>(
  kind: FaultKind<Params, Target>,
  params: Params,
  target: Target,
  how: Renewal,
): Promise<void> {
  await kind.renew?.(params, target, how);
}

function describing(field: unknown): string {
  return field instanceof z.ZodType ? (field.description ?? '') : '';
}
