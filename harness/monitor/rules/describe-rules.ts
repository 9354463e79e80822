import type { AlertingRule, RecordingRule, RuleGroup } from './rule-file.ts';

/** An alert as Prometheus' API tells it. */
export interface AlertData {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: string;
  activeAt?: string;
  value: string;
}

/** Groups of rules as Prometheus' API tells them, with the alerts that are active and the errors of rules. */
export function describeRules(
  groups: readonly RuleGroup[],
  alerts: readonly AlertData[],
  errorOf: (rule: RecordingRule | AlertingRule) => string | undefined = () => undefined,
): unknown[] {
  return groups.map(({ name, intervalMs, rules }) => ({
    name,
    file: '',
    interval: (intervalMs ?? 0) / 1_000,
    rules: rules.map((rule) => {
      const error = errorOf(rule);
      return {
        name: rule.kind === 'record' ? rule.record : rule.alert,
        query: rule.expr,
        labels: rule.labels,
        health: error === undefined ? 'ok' : 'err',
        ...(error === undefined ? {} : { lastError: error }),
        ...(rule.kind === 'record' ? { type: 'recording' } : alerting(rule, alerts)),
      };
    }),
  }));
}

/** Rules of one name differ in the labels they set. */
function alerting(rule: AlertingRule, alerts: readonly AlertData[]) {
  const own = alerts.filter(
    ({ labels }) =>
      labels.alertname === rule.alert &&
      Object.entries(rule.labels).every(([name, value]) => value.includes('{{') || labels[name] === value),
  );
  return {
    type: 'alerting',
    duration: rule.forMs / 1_000,
    annotations: rule.annotations,
    state: stateOf(own),
    alerts: own,
  };
}

function stateOf(alerts: readonly AlertData[]): 'firing' | 'pending' | 'inactive' {
  if (alerts.some(({ state }) => state === 'firing')) return 'firing';
  return alerts.length > 0 ? 'pending' : 'inactive';
}
