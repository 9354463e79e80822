import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { FaultState } from '../../chaos/timeline.ts';
import { LIVE_PHASES, type LiveState } from '../../reports/terminal/live-state.ts';
import type { JournalLine } from '../journal.ts';
import { valueAt } from '../load/schedule.ts';
import type { Plan } from '../scenario/plan.ts';

/**
 * What only the coordinator of a run knows, for Prometheus: where the run is, what was offered and what was achieved, how
 * the promises stand, what the faults are doing. It is told what happens anyway and formats it when it is scraped, so its
 * cost does not depend on the load.
 */
export class RunMetrics {
  readonly #plan: Plan;
  readonly #registry = new Registry();
  readonly #faults = new Map<string, { target: string; kind: string; state: FaultState | 'planned' }>();
  readonly #dropped = new Map<number, number>();
  /** By alert, those of its labels that are firing. */
  readonly #alerts = new Map<string, { alert: string; via: string; firing: Set<string> }>();
  #live: LiveState | undefined;
  #curves: Record<string, Plan['loads'][number]['curve']>;
  readonly #transitions: Counter<'fault' | 'target' | 'kind' | 'state'>;
  readonly #lost: Counter;
  readonly #gaps: Counter<'target'>;
  readonly #drops: Counter;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#curves = Object.fromEntries(plan.loads.map((load) => [load.name, load.curve]));
    for (const { name, kind } of plan.faults) this.#faults.set(name, { target: kind, kind, state: 'planned' });
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#transitions = new Counter({
      name: 'stampede_fault_transitions_total',
      help: 'Steps in the lives of faults.',
      labelNames: ['fault', 'target', 'kind', 'state'],
      registers,
    });
    this.#lost = new Counter({ name: 'stampede_agents_lost_total', help: 'Agents that were lost.', registers });
    this.#gaps = new Counter({
      name: 'stampede_scrape_gaps_total',
      help: 'Scrapes of the embedded monitor that failed or were missed.',
      labelNames: ['target'],
      registers,
    });
    this.#drops = new Counter({
      name: 'stampede_dropped_starts_total',
      help: 'Iterations that were due and could not be started.',
      registers,
    });
    this.#gauges();
    this.#plannedFaults();
  }

  /** What the planned faults will hit has its series from the beginning. */
  #plannedFaults(): void {
    for (const { name, kind, targets } of this.#plan.faults) {
      this.#faults.set(name, { target: targets.join(', '), kind, state: 'planned' });
    }
    for (const [fault, { target, kind }] of this.#faults) {
      for (const state of ['applied', 'proven', 'clean'] as const) {
        this.#transitions.inc({ fault, target, kind, state }, 0);
      }
    }
  }

  event(line: JournalLine): void {
    switch (line.kind) {
      case 'fault': {
        const { name, target, fault: kind, state } = line;
        this.#faults.set(name, { target, kind, state });
        this.#transitions.inc({ fault: name, target, kind, state });
        return;
      }
      case 'alert':
        this.#alert(line);
        return;
      case 'agent lost':
        this.#lost.inc();
        return;
      case 'scrape gap':
        this.#gaps.inc({ target: line.node ?? line.url });
        return;
      case 'load adjusted':
        this.#curves = line.curves;
        return;
      case 'generator':
        this.#drops.inc(Math.max(0, line.dropped - (this.#dropped.get(line.agent) ?? 0)));
        this.#dropped.set(line.agent, line.dropped);
        return;
      default:
    }
  }

  /** What the live view is told twice a second. */
  live(state: LiveState): void {
    this.#live = state;
  }

  /** Prometheus text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #alert({ alert, via: teller, state, labels }: Extract<JournalLine, { kind: 'alert' }>): void {
    const via = teller ?? 'rules';
    const known = this.#alerts.get(`${via} ${alert}`) ?? { alert, via, firing: new Set() };
    this.#alerts.set(`${via} ${alert}`, known);
    const which = JSON.stringify(Object.entries(labels).sort());
    if (state === 'firing') known.firing.add(which);
    if (state === 'resolved') known.firing.delete(which);
  }

  #gauges(): void {
    this.#gauge('stampede_run_info', 'Always 1; the labels say what runs.', ['scenario'], (set) =>
      set({ scenario: this.#plan.name }, 1),
    );
    this.#gauge('stampede_run_phase', '1 for the phase the run is in.', ['phase'], (set) => {
      for (const phase of LIVE_PHASES) set({ phase }, this.#live?.phase === phase ? 1 : 0);
    });
    this.#gauge('stampede_run_load_seconds', 'How long load has been sent.', [], (set) =>
      set({}, this.#loadMs / 1_000),
    );
    this.#gauge('stampede_run_planned_seconds', 'How long the plan sends load.', [], (set) =>
      set({}, this.#plan.durationMs / 1_000),
    );
    this.#load();
    this.#promises();
    this.#generator();
    this.#faultGauges();
  }

  #load(): void {
    this.#gauge('stampede_planned_users', 'Users the plan asks for now.', ['load'], (set) => {
      for (const { name, model } of this.#plan.loads) if (model === 'users') set({ load: name }, this.#planned(name));
    });
    this.#gauge('stampede_planned_arrivals_per_second', 'Arrivals the plan asks for now.', ['load'], (set) => {
      for (const { name, model } of this.#plan.loads) if (model !== 'users') set({ load: name }, this.#planned(name));
    });
    this.#gauge('stampede_offered_per_second', 'Requests that were due, and starts that were dropped.', [], (set) => {
      const { offeredPerSec = null, droppedPerSec = null } = this.#live?.traffic ?? {};
      if (offeredPerSec !== null) set({}, offeredPerSec + (droppedPerSec ?? 0));
    });
    this.#gauge('stampede_achieved_per_second', 'Requests that have ended.', [], (set) =>
      setKnown(set, {}, this.#live?.traffic.donePerSec),
    );
  }

  #promises(): void {
    const promises = () => this.#live?.promises ?? [];
    this.#gauge('stampede_slo_ok', '1 while the promise has held so far, 0 once it has not.', ['slo'], (set) => {
      for (const { name, outcome } of promises())
        if (outcome !== null) set({ slo: name }, outcome === 'passed' ? 1 : 0);
    });
    this.#gauge('stampede_slo_limit', "The promise's limit, in its unit.", ['slo', 'unit'], (set) => {
      for (const { name, unit, limitValue } of promises()) set({ slo: name, unit }, limitValue);
    });
    const labels = ['slo', 'window', 'unit'] as const;
    this.#gauge(
      'stampede_slo_value',
      'What was measured so far, by window, in the unit of the promise.',
      labels,
      (set) => {
        for (const { name, unit, cells } of promises()) {
          for (const { window, value } of cells) setKnown(set, { slo: name, window, unit }, value);
        }
      },
    );
    const left = 'Share of the error budget that is left; below 0 it is overspent.';
    this.#gauge('stampede_slo_budget_left_ratio', left, ['slo'], (set) => {
      for (const { name, budgetLeft } of promises()) setKnown(set, { slo: name }, budgetLeft);
    });
  }

  #generator(): void {
    const generator = () => this.#live?.generator;
    this.#gauge(
      'stampede_validity_ok',
      '1 while the generator is fit, 0 while its numbers are not to be believed.',
      [],
      (set) => {
        const now = generator();
        if (now !== undefined) set({}, now.unfit === null ? 1 : 0);
      },
    );
    this.#gauge('stampede_lateness_p99_seconds', 'How late requests left, 99th percentile so far.', [], (set) =>
      setKnown(set, {}, seconds(generator()?.latenessP99Ms)),
    );
    this.#gauge('stampede_lateness_limit_seconds', 'Beyond this lateness the run is inconclusive.', [], (set) =>
      setKnown(set, {}, seconds(generator()?.latenessLimitMs)),
    );
    this.#gauge('stampede_agents_ready', 'Agents at work.', [], (set) => setKnown(set, {}, generator()?.agentsReady));
    this.#gauge('stampede_agents_planned', 'Agents the plan asks for.', [], (set) => set({}, this.#plan.agents));
  }

  #faultGauges(): void {
    const who = 'Alerts that are firing now, by who told: own rules, or an Alertmanager.';
    this.#gauge('stampede_alerts_firing', who, ['alert', 'via'], (set) => {
      for (const { alert, via, firing } of this.#alerts.values()) set({ alert, via }, firing.size);
    });
    const labels = ['fault', 'target', 'kind'] as const;
    this.#gauge('fault_active', '1 while the fault is in place.', labels, (set) => {
      for (const [fault, { target, kind, state }] of this.#faults)
        set({ fault, target, kind }, ACTIVE.has(state) ? 1 : 0);
    });
    const states = FAULT_STATES.map((state, index) => `${index} ${state}`).join(', ');
    this.#gauge('stampede_fault_state', `Where the fault is in its life: ${states}.`, labels, (set) => {
      for (const [fault, { target, kind, state }] of this.#faults) {
        set({ fault, target, kind }, FAULT_STATES.indexOf(state));
      }
    });
  }

  get #loadMs(): number {
    const { tMs = 0, loadFromMs = null } = this.#live ?? {};
    return loadFromMs === null ? 0 : Math.max(0, tMs - loadFromMs);
  }

  #planned(load: string): number {
    return this.#loadMs === 0 ? 0 : valueAt(this.#curves[load] ?? [], this.#loadMs);
  }

  /** A gauge that is filled when it is read. */
  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    fill: (set: SetValue<Label>) => void,
  ): void {
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        // One without labels would be 0 where nothing is known.
        if (labelNames.length === 0) this.remove();
        fill((labels, value) => this.set(labels, value));
      },
    });
  }
}

type SetValue<Label extends string> = (labels: Partial<Record<Label, string>>, value: number) => void;

/** The numbers of `stampede_fault_state`: new ones at the end, so that no number changes its meaning. */
export const FAULT_STATES: readonly (FaultState | 'planned')[] = [
  'planned',
  'requested',
  'recorded',
  'applied',
  'proven',
  'unproven',
  'failed',
  'undo requested',
  'undone',
  'clean',
  'not clean',
  'resolved',
  'effect lost',
  'skipped',
];

/** In these states the fault may be doing harm. One that failed was not injected, or is about to be undone. */
const ACTIVE: ReadonlySet<string> = new Set([
  'applied',
  'proven',
  'unproven',
  'effect lost',
  'undo requested',
  'not clean',
]);

function seconds(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : ms / 1_000;
}

/** What is not known has no sample. */
function setKnown<Label extends string>(
  set: SetValue<Label>,
  labels: Partial<Record<Label, string>>,
  value: number | null | undefined,
): void {
  if (value !== null && value !== undefined) set(labels, value);
}
