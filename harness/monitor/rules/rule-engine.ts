import { LabelSet } from '../labels.ts';
import type { Monitor } from '../monitor.ts';
import { type AlertData, describeRules } from './describe-rules.ts';
import type { AlertingRule, RecordingRule, RuleGroup } from './rule-file.ts';
import { expandTemplate } from './template.ts';

/** A change in the life of an alert, for the journal. */
export interface AlertTransition {
  alert: string;
  state: 'pending' | 'firing' | 'resolved';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  value: number;
}

interface ActiveAlert {
  labels: LabelSet;
  annotations: Record<string, string>;
  value: number;
  activeAtMs: number;
  state: 'pending' | 'firing';
  lastSeenMs: number;
}

/** Stores a sample of a rule; an undefined value ends the series. */
export type WriteSample = (labels: Readonly<Record<string, string>>, tMs: number, value: number | undefined) => void;

/** Runs recording and alerting rules as Prometheus does: group by group, each rule on what those before it have written. */
export class RuleEngine {
  readonly #groups: { group: RuleGroup; nextMs: number; rules: RunningRule[] }[];
  readonly #monitor: Pick<Monitor, 'query'>;
  readonly #write: WriteSample;

  constructor(groups: readonly RuleGroup[], monitor: Pick<Monitor, 'query'>, write: WriteSample) {
    this.#monitor = monitor;
    this.#write = write;
    this.#groups = groups.map((group) => ({
      group,
      nextMs: Number.NEGATIVE_INFINITY,
      rules: group.rules.map((rule) => ({ rule, active: new Map(), written: new Map(), error: undefined })),
    }));
  }

  /** Evaluates every group that is due. A rule that fails keeps its error and costs nobody else anything. */
  async evaluate(atMs: number): Promise<AlertTransition[]> {
    const transitions: AlertTransition[] = [];
    for (const due of this.#groups) {
      if (atMs < due.nextMs) continue;
      due.nextMs = atMs + (due.group.intervalMs ?? 0);
      for (const running of due.rules) {
        try {
          const answer = await this.#monitor.query(running.rule.expr, atMs);
          const found = answer.type === 'scalar' ? [{ labels: {}, value: answer.value }] : answer.series;
          running.error = undefined;
          if (running.rule.kind === 'record') this.#record(running, running.rule, found, atMs);
          else transitions.push(...this.#alert(running, running.rule, found, atMs));
        } catch (error) {
          running.error = error instanceof Error ? error.message : String(error);
        }
      }
    }
    return transitions;
  }

  #record(running: RunningRule, rule: RecordingRule, found: readonly Found[], atMs: number): void {
    const samples = found.map(({ labels, value }) => ({
      labels: LabelSet.from({ ...labels, ...rule.labels, __name__: rule.record }),
      value,
    }));
    this.#replace(running, samples, atMs);
  }

  #alert(running: RunningRule, rule: AlertingRule, found: readonly Found[], atMs: number): AlertTransition[] {
    const transitions: AlertTransition[] = [];
    const tell = (alert: ActiveAlert, state: AlertTransition['state']) => {
      const { labels, annotations, value } = alert;
      transitions.push({ alert: rule.alert, state, labels: labels.toRecord(), annotations, value });
    };
    for (const {
      labels: { __name__: _name, ...own },
      value,
    } of found) {
      const expanded = (texts: Record<string, string>) =>
        Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, expandTemplate(text, own, value)]));
      const labels = LabelSet.from({ ...own, ...expanded(rule.labels), alertname: rule.alert });
      const known = running.active.get(labels.key);
      const alert: ActiveAlert = known ?? {
        labels,
        annotations: {},
        value,
        activeAtMs: atMs,
        state: 'pending',
        lastSeenMs: atMs,
      };
      Object.assign(alert, { value, lastSeenMs: atMs, annotations: expanded(rule.annotations) });
      running.active.set(labels.key, alert);
      if (known === undefined && rule.forMs > 0) tell(alert, 'pending');
      if (alert.state === 'pending' && atMs - alert.activeAtMs >= rule.forMs) {
        alert.state = 'firing';
        tell(alert, 'firing');
      }
    }
    for (const [key, alert] of running.active) {
      if (alert.lastSeenMs === atMs) continue;
      if (alert.state === 'firing' && atMs - alert.lastSeenMs < rule.keepFiringForMs) continue;
      running.active.delete(key);
      tell(alert, 'resolved');
    }
    const samples = [...running.active.values()].flatMap(({ labels, state, activeAtMs }) => [
      { labels: labels.with('__name__', 'ALERTS').with('alertstate', state), value: 1 },
      { labels: labels.with('__name__', 'ALERTS_FOR_STATE'), value: activeAtMs / 1_000 },
    ]);
    this.#replace(running, samples, atMs);
    return transitions;
  }

  /** Writes what there is now, and ends what there was and is no more. */
  #replace(running: RunningRule, samples: readonly { labels: LabelSet; value: number }[], atMs: number): void {
    const written = new Map(samples.map(({ labels }) => [labels.key, labels]));
    if (written.size < samples.length) throw new Error('the rule gives several series with the same labels');
    for (const { labels, value } of samples) this.#write(labels.toRecord(), atMs, value);
    for (const [key, labels] of running.written) if (!written.has(key)) this.#write(labels.toRecord(), atMs, undefined);
    running.written = written;
  }

  /** As Prometheus' API tells them. */
  ruleGroups(): unknown[] {
    const errors = new Map(this.#groups.flatMap(({ rules }) => rules.map(({ rule, error }) => [rule, error] as const)));
    const groups = this.#groups.map(({ group }) => group);
    return describeRules(groups, this.alerts(), (rule) => errors.get(rule));
  }

  alerts(): AlertData[] {
    return this.#groups.flatMap(({ rules }) => rules.flatMap(({ active }) => [...active.values()].map(alertData)));
  }
}

interface Found {
  labels: Record<string, string>;
  value: number;
}

interface RunningRule {
  rule: RecordingRule | AlertingRule;
  active: Map<string, ActiveAlert>;
  written: Map<string, LabelSet>;
  error: string | undefined;
}

function alertData({ labels, annotations, state, activeAtMs, value }: ActiveAlert): AlertData {
  return {
    labels: labels.toRecord(),
    annotations,
    state,
    activeAt: new Date(activeAtMs).toISOString(),
    value: String(value),
  };
}
