import type { LiveFaultState, LivePhase, LivePromise, LiveRequest, LiveState } from '../reports/terminal/live-state.ts';
import type { Snapshot } from './agents/protocol.ts';
import type { GeneratorEvent, JournalLine } from './journal.ts';
import { Histogram } from './load/histogram.ts';
import { type CurvePoint, valueAt } from './load/schedule.ts';
import { type ClientMeasure, type ObjectivePlan, type Plan, peakUsers } from './scenario/plan.ts';
import { sentenceOf } from './sentences.ts';
import { holds } from './units.ts';
import type { Outcome } from './verdict/verdict.ts';

/**
 * Keeps what the live view shows while a run is on: the last minute in detail, everything before as totals. "So far" is
 * not the verdict: windows are told apart by what is happening now, without hindsight.
 */
export class LiveTracker {
  readonly #plan: Plan;
  #phase: LivePhase = 'starting';
  #loadFromMs: number | undefined;
  #notice: string | null = null;
  readonly #faults = new Map<string, { state: LiveFaultState; fromMs: number; toMs: number | null; target: string }>();
  readonly #agents = new Map<number, GeneratorEvent & { tMs: number }>();
  readonly #before = new Map<number, GeneratorEvent & { tMs: number }>();
  readonly #events: { tMs: number; text: string }[] = [];
  #agentsReady = 0;
  #scrapeGaps = 0;
  readonly #seconds = new Map<number, Map<string, Tally>>();
  readonly #total = new Map<string, Tally>();
  /** By window as it looks now, then by name. */
  readonly #windows = new Map<string, Map<string, Tally>>();
  readonly #promql = new Map<string, Map<string, { value: number; samples: number }>>();
  readonly #lateness = new Histogram();

  constructor(plan: Plan) {
    this.#plan = plan;
    for (const fault of plan.faults) {
      this.#faults.set(fault.name, {
        state: 'planned',
        fromMs: fault.atMs,
        toMs: fault.atMs + fault.forMs,
        target: fault.kind,
      });
    }
  }

  phase(phase: LivePhase, notice: string | null = this.#notice): void {
    this.#phase = phase;
    this.#notice = notice;
  }

  event(line: JournalLine): void {
    const sentence = sentenceOf(line);
    if (sentence) {
      this.#events.unshift({ tMs: line.tMs, text: `${sentence.verb} ${sentence.text}` });
      this.#events.length = Math.min(this.#events.length, 20);
    }
    if (line.kind === 'agents ready') this.#agentsReady = line.agents;
    if (line.kind === 'agent lost') {
      this.#agentsReady--;
      const last = this.#agents.get(line.agent);
      // What it did counts on; it does nothing more.
      if (last) this.#agents.set(line.agent, { ...last, active: {}, inFlight: 0, cpu: 0, loopLagP99Ms: 0 });
      this.#before.delete(line.agent);
    }
    if (line.kind === 'scrape gap') this.#scrapeGaps++;
    if (line.kind === 'load started') this.#begin(line.atMs);
    if (line.kind === 'fault') this.#fault(line);
    if (line.kind === 'generator') {
      const last = this.#agents.get(line.agent);
      if (last) this.#before.set(line.agent, last);
      this.#agents.set(line.agent, line);
    }
  }

  snapshot({ slices, lateness }: Snapshot): void {
    this.#lateness.mergeEncoded(lateness);
    const window = this.#window();
    for (const { second, name, response, endings } of slices) {
      const errors = Object.entries(endings).reduce((sum, [ending, count]) => sum + (ending === 'ok' ? 0 : count), 0);
      const kinds = endings;
      for (const tallies of [mapIn(this.#seconds, second), this.#total, mapIn(this.#windows, window)]) {
        let tally = tallies.get(name);
        if (!tally) {
          tally = { response: new Histogram(), errors: 0, kinds: {} };
          tallies.set(name, tally);
        }
        tally.response.mergeEncoded(response);
        tally.errors += errors;
        for (const [kind, count] of Object.entries(kinds)) tally.kinds[kind] = (tally.kinds[kind] ?? 0) + count;
      }
    }
    const newest = Math.max(...this.#seconds.keys());
    for (const second of this.#seconds.keys()) if (second < newest - KEPT_SECONDS) this.#seconds.delete(second);
  }

  /** What an expression of an objective says now. */
  promql(objective: ObjectivePlan, value: number): void {
    const byWindow = mapIn(this.#promql, objective.name);
    const window = this.#window();
    const known = byWindow.get(window);
    const worse = known === undefined || (objective.op.startsWith('<') ? value > known.value : value < known.value);
    byWindow.set(window, { value: worse ? value : known.value, samples: (known?.samples ?? 0) + 1 });
  }

  /** What a measure of the requests of one name says, over the last ten seconds; null when there were none. */
  recent(name: string, measure: ClientMeasure, nowMs: number): number | null {
    const last = this.#lastSeconds(nowMs, 10);
    const tally = merge(last.flatMap((tallies) => tallies.get(name) ?? []));
    return tally.response.count === 0 ? null : measured(tally, measure, Math.max(1, last.length));
  }

  /** Of the harness itself, as the agents last told; null before they have. */
  health(what: 'lateness' | 'loopLag' | 'cpu' | 'agentsLost'): number | null {
    const now = [...this.#agents.values()];
    if (now.length === 0) return null;
    switch (what) {
      case 'lateness':
        return Math.max(0, ...now.map((agent) => agent.latenessP99Ms ?? 0));
      case 'loopLag':
        return Math.max(...now.map((agent) => agent.loopLagP99Ms));
      case 'cpu':
        return Math.max(...now.map((agent) => agent.cpu));
      case 'agentsLost':
        return this.#plan.agents - this.#agentsReady;
      default:
        return what satisfies never;
    }
  }

  state(nowMs: number): LiveState {
    const plan = this.#plan;
    const loadFromMs = this.#loadFromMs ?? null;
    const loadMs = loadFromMs === null ? 0 : nowMs - loadFromMs;
    const now = [...this.#agents.values()];
    const users = plan.loads.flatMap((load) =>
      load.model === 'users'
        ? [
            {
              name: load.name,
              active: sum(now.map((agent) => agent.active[load.name] ?? 0)),
              planned: Math.max(...load.curve.map((p) => p.value)),
            },
          ]
        : [],
    );
    const arrivals = plan.loads.flatMap((load) => {
      if (load.model !== 'arrivals') return [];
      const plannedPerSec = valueAt(load.curve, loadMs);
      return [{ name: load.name, perSec: plannedPerSec - this.#rate((agent) => agent.dropped), plannedPerSec }];
    });
    const last = this.#lastSeconds(nowMs, 10);
    const all = merge(last.flatMap((tallies) => [...tallies.values()]));
    const seconds = Math.max(1, last.length);
    return {
      scenario: plan.name,
      question: plan.question ?? null,
      phase: this.#phase,
      tMs: nowMs,
      loadFromMs,
      totalMs: plan.durationMs,
      plannedLoad: plannedLoad(plan),
      faults: plan.faults.map((fault) => {
        const life = this.#faults.get(fault.name);
        return {
          name: fault.name,
          kind: fault.kind,
          target: life?.target ?? fault.kind,
          state: life?.state ?? 'planned',
          fromMs: life?.fromMs ?? fault.atMs,
          toMs: life?.toMs ?? null,
        };
      }),
      users,
      arrivals,
      inFlight: now.length === 0 ? null : sum(now.map((agent) => agent.inFlight)),
      iterations: now.length === 0 ? null : sum(now.map((agent) => agent.iterations)),
      traffic: {
        offeredPerSec: last.length === 0 ? null : all.response.count / seconds,
        donePerSec: now.length === 0 ? null : this.#rate((agent) => agent.requests),
        droppedPerSec: now.length === 0 ? null : this.#rate((agent) => agent.dropped),
        drops: sum(now.map((agent) => agent.dropped)),
        errorRatio: all.response.count === 0 ? null : all.errors / all.response.count,
        p99Ms: all.response.quantile(0.99),
        kinds: Object.entries(all.kinds).map(([name, count]) => ({ name, perSec: count / seconds })),
      },
      requests: [...this.#total.keys()].map((name) => this.#request(name, nowMs, last, seconds)),
      promises: plan.objectives.map((objective) => this.#promise(objective)),
      generator: {
        unfit: this.#unfit(now),
        latenessP99Ms: this.#lateness.quantile(0.99),
        latenessLimitMs: plan.validity.latenessP99Ms,
        loopLagP99Ms: now.length === 0 ? null : Math.max(...now.map((agent) => agent.loopLagP99Ms)),
        cpuMax: now.length === 0 ? null : Math.max(...now.map((agent) => agent.cpu)),
        agentsReady: this.#agentsReady,
        agentsPlanned: plan.agents,
        scrapeGaps: this.#scrapeGaps,
      },
      events: this.#events,
      notice: this.#notice,
    };
  }

  #begin(atMs: number): void {
    this.#phase = 'load';
    this.#loadFromMs = atMs;
    for (const life of this.#faults.values()) {
      life.fromMs += atMs;
      if (life.toMs !== null) life.toMs += atMs;
    }
  }

  #fault(line: Extract<JournalLine, { kind: 'fault' }>): void {
    const life = this.#faults.get(line.name);
    if (!life) return;
    life.target = line.target;
    if (line.state === 'requested') {
      const lasts = (life.toMs ?? 0) - life.fromMs;
      life.fromMs = line.tMs;
      life.toMs = line.tMs + lasts;
    }
    if (line.state === 'clean') life.toMs = line.tMs;
    const shown = SHOWN_STATES[line.state];
    if (shown !== undefined) life.state = shown;
  }

  /** Which window now looks like. */
  #window(): string {
    for (const [name, { state }] of this.#faults) {
      if (['applied', 'proven', 'no effect', 'undo requested', 'undone'].includes(state)) return `fault:${name}`;
    }
    return 'steady';
  }

  #lastSeconds(nowMs: number, seconds: number): Map<string, Tally>[] {
    const newest = Math.floor(nowMs / 1_000);
    return [...this.#seconds]
      .filter(([second]) => second >= newest - seconds && second < newest)
      .map(([, tallies]) => tallies);
  }

  #rate(total: (agent: GeneratorEvent) => number): number {
    let perSec = 0;
    for (const [index, agent] of this.#agents) {
      const before = this.#before.get(index);
      if (before && agent.tMs > before.tMs)
        perSec += ((total(agent) - total(before)) * 1_000) / (agent.tMs - before.tMs);
    }
    return perSec;
  }

  #request(name: string, nowMs: number, last: Map<string, Tally>[], seconds: number): LiveRequest {
    const recent = merge(last.flatMap((tallies) => tallies.get(name) ?? []));
    const total = this.#total.get(name);
    const objectives = this.#plan.objectives.filter(
      (objective) => objective.source === 'client' && objective.of === name,
    );
    const limits = objectives.filter((objective) => objective.unit === 'ms').map((objective) => objective.limitValue);
    const newest = Math.floor(nowMs / 1_000);
    const minute = Array.from({ length: SPARK_STEPS }, (_, step) => {
      const from = newest - KEPT_SECONDS + step * (KEPT_SECONDS / SPARK_STEPS);
      const to = from + KEPT_SECONDS / SPARK_STEPS;
      const tallies = [...this.#seconds]
        .filter(([second]) => second >= from && second < to)
        .map(([, byName]) => byName);
      return merge(tallies.flatMap((byName) => byName.get(name) ?? [])).response.quantile(0.99);
    });
    return {
      name,
      last: {
        perSec: recent.response.count / seconds,
        p50Ms: recent.response.quantile(0.5),
        p90Ms: recent.response.quantile(0.9),
        p99Ms: recent.response.quantile(0.99),
        p999Ms: recent.response.quantile(0.999),
        errorRatio: ratio(recent),
      },
      soFar: { p99Ms: total?.response.quantile(0.99) ?? null, errorRatio: total ? ratio(total) : null },
      p99MinuteMs: minute,
      limitMs: limits.length === 0 ? null : Math.min(...limits),
      hasObjective: objectives.length > 0,
    };
  }

  #promise(objective: ObjectivePlan): LivePromise {
    const { name, limit, limitValue, op, unit } = objective;
    const windows =
      objective.source === 'client' ? [...this.#windows.keys()] : [...(this.#promql.get(name)?.keys() ?? [])];
    const cells = windows
      .filter((window) => objective.during.some((wanted) => window === wanted || window.startsWith(`${wanted}:`)))
      .map((window) => {
        const seen =
          objective.source === 'client' ? this.#measured(objective, window) : this.#promql.get(name)?.get(window);
        const value = seen?.value ?? null;
        const outcome: Outcome | null = value === null ? null : holds(value, op, limitValue) ? 'passed' : 'failed';
        return { window, outcome, value, samples: seen?.samples ?? 0 };
      });
    const outcomes = cells.map((cell) => cell.outcome);
    const outcome = outcomes.includes('failed') ? 'failed' : outcomes.includes('passed') ? 'passed' : null;
    return { name, limit, limitValue, op, unit, outcome, cells, budgetLeft: this.#budgetLeft(objective) };
  }

  /** Of the windows it is judged in, by what they look like now. Null where the promise allows no share of bad requests. */
  #budgetLeft(objective: ObjectivePlan): number | null {
    if (objective.source !== 'client' || !objective.op.startsWith('<')) return null;
    const { measure, limitValue, of } = objective;
    const allowed = measure.kind === 'errors' ? limitValue : measure.kind === 'quantile' ? 1 - measure.q : 0;
    const isWhole = objective.during.some((wanted) => wanted === 'whole');
    const windows = [...this.#windows].filter(
      ([window]) => isWhole || objective.during.some((wanted) => window === wanted || window.startsWith(`${wanted}:`)),
    );
    const judged = merge(windows.flatMap(([, byName]) => byName.get(of) ?? []));
    const { response, errors } = judged;
    if (allowed === 0 || response.count === 0) return null;
    const bad = measure.kind === 'errors' ? errors : response.countAbove(limitValue);
    return 1 - bad / (allowed * response.count);
  }

  #measured(
    objective: Extract<ObjectivePlan, { source: 'client' }>,
    window: string,
  ): { value: number | null; samples: number } | undefined {
    const tally = this.#windows.get(window)?.get(objective.of);
    if (!tally) return undefined;
    const { measure } = objective;
    const value = measure.kind === 'rate' ? null : measured(tally, measure, 1);
    return { value, samples: tally.response.count };
  }

  #unfit(now: readonly GeneratorEvent[]): string | null {
    const { validity } = this.#plan;
    const lateness = this.#lateness.quantile(0.99);
    const dropped = sum(now.map((agent) => agent.dropped));
    if (this.#agentsReady === 0 && this.#phase === 'load') return 'all agents were lost';
    if (dropped > 0) return `${dropped.toLocaleString('en-US')} starts were dropped`;
    if (lateness !== null && lateness > validity.latenessP99Ms)
      return `lateness p99 ${Math.round(lateness)} ms, limit ${validity.latenessP99Ms} ms`;
    return null;
  }
}

function measured(tally: Tally, measure: ClientMeasure, seconds: number): number | null {
  switch (measure.kind) {
    case 'quantile':
      return tally.response.quantile(measure.q);
    case 'max':
      return tally.response.maxMs;
    case 'errors':
      return ratio(tally);
    case 'rate':
      return tally.response.count / seconds;
    default:
      return measure satisfies never;
  }
}

interface Tally {
  response: Histogram;
  errors: number;
  kinds: Record<string, number>;
}

const KEPT_SECONDS = 60;
const SPARK_STEPS = 20;

/** `recorded` is over before anybody could read it; a failure leads to an undo, which is shown. */
const SHOWN_STATES: Partial<Record<Extract<JournalLine, { kind: 'fault' }>['state'], LiveFaultState>> = {
  requested: 'requested',
  applied: 'applied',
  proven: 'proven',
  unproven: 'no effect',
  'effect lost': 'no effect',
  'undo requested': 'undo requested',
  undone: 'undone',
  clean: 'undo proven',
};

/** The shape of the load: users where there are any, arrivals otherwise. */
function plannedLoad(plan: Plan): CurvePoint[] {
  const times = [...new Set(plan.loads.flatMap((load) => load.curve.map((point) => point.tMs)))].sort((a, b) => a - b);
  const usersOnly = peakUsers(plan) > 0;
  const shown = plan.loads.filter((load) => (usersOnly ? load.model === 'users' : true));
  return times.map((tMs) => ({ tMs, value: sum(shown.map((load) => valueAt(load.curve, tMs))) }));
}

function merge(tallies: readonly Tally[]): Tally {
  const merged: Tally = { response: new Histogram(), errors: 0, kinds: {} };
  for (const tally of tallies) {
    merged.response.merge(tally.response);
    merged.errors += tally.errors;
    for (const [kind, count] of Object.entries(tally.kinds)) merged.kinds[kind] = (merged.kinds[kind] ?? 0) + count;
  }
  return merged;
}

function mapIn<Key, InnerKey, Value>(map: Map<Key, Map<InnerKey, Value>>, key: Key): Map<InnerKey, Value> {
  let inner = map.get(key);
  if (!inner) {
    inner = new Map();
    map.set(key, inner);
  }
  return inner;
}

function ratio(tally: Tally): number | null {
  return tally.response.count === 0 ? null : tally.errors / tally.response.count;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
