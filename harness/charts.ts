import type { Chart, SeriesRole } from '../reports/model.ts';
import type { GeneratorEvent } from './journal.ts';
import type { Evidence } from './verdict/evidence.ts';
import { allSeconds } from './verdict/validity.ts';
import type { ObjectiveResult, Verdict } from './verdict/verdict.ts';

/** The series behind a verdict, one point a second. Charts about things this target does not have are left out. */
export async function chartsOf(evidence: Evidence, verdict: Verdict): Promise<Chart[]> {
  const seconds = allSeconds(evidence.events);
  const charts: Chart[] = [loadChart(evidence, seconds), usersChart(evidence, seconds)];
  for (const name of worthAChart(evidence, verdict)) charts.push(latencyChart(name, evidence, verdict, seconds));
  const errors = errorsChart(evidence, seconds);
  if (errors) charts.push(errors);
  for (const chart of TARGET_CHARTS) {
    const drawn = await targetChart(chart, evidence, seconds);
    if (drawn) charts.push(drawn);
  }
  charts.push(generatorChart(evidence, verdict, seconds));
  return charts;
}

type Point = number | null;

function loadChart(evidence: Evidence, seconds: number[]): Chart {
  const due = seconds.map((second) =>
    sum(evidence.requestNames.map((name) => evidence.response(name, [second]).count)),
  );
  const done = perSecond(evidence, seconds, (event) => event.requests);
  const dropped = perSecond(evidence, seconds, (event) => event.dropped);
  const offered = due.map((count, index) => count + (dropped[index] ?? 0));
  const most = Math.max(0, ...offered);
  return {
    id: 'load',
    group: 'load',
    title: 'Load offered and achieved',
    caption: `Up to ${show(most)} requests a second were due; ${show(sum(dropped.map((value) => value ?? 0)))} starts were dropped.`,
    unit: 'per second',
    scale: 'linear',
    x: seconds,
    series: [
      { label: 'due', role: 'offered', values: offered },
      { label: 'done', role: 'done', values: done },
      ...(dropped.some((value) => (value ?? 0) > 0)
        ? [{ label: 'dropped', role: 'dropped' as const, values: dropped }]
        : []),
    ],
    limits: [],
    ...nothing(most, 'Not a single request was sent.'),
  };
}

function usersChart(evidence: Evidence, seconds: number[]): Chart {
  const groups = evidence.plan.loads.map((load) => load.name);
  const series = groups.map((name) => ({
    label: name,
    role: 'users' as const,
    values: gauge(evidence, seconds, (event) => event.active[name] ?? 0, sum),
  }));
  const peak = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return {
    id: 'users',
    group: 'load',
    title: 'Active users',
    caption: `Up to ${show(peak)} users, or iterations under way, at once.`,
    unit: 'count',
    scale: 'linear',
    x: seconds,
    series,
    limits: [],
    ...nothing(peak, 'No user was ever active.'),
  };
}

/** Those an objective is about, then the most frequent, as many as can be taken in. */
function worthAChart(evidence: Evidence, verdict: Verdict): string[] {
  const judged = verdict.objectives.flatMap((objective) => (objective.source === 'client' ? [objective.of] : []));
  const frequent = [...verdict.requests].sort((a, b) => b.count - a.count).map((request) => request.name);
  return [...new Set([...judged, ...frequent])]
    .filter((name) => evidence.requestNames.includes(name))
    .slice(0, MOST_LATENCY_CHARTS);
}

const MOST_LATENCY_CHARTS = 8;

function latencyChart(name: string, evidence: Evidence, verdict: Verdict, seconds: number[]): Chart {
  const quantiles: { label: string; role: SeriesRole; q: number }[] = [
    { label: 'p50', role: 'p50', q: 0.5 },
    { label: 'p90', role: 'p90', q: 0.9 },
    { label: 'p99', role: 'p99', q: 0.99 },
    { label: 'p99.9', role: 'p999', q: 0.999 },
  ];
  const seen = seconds.map((second) => evidence.response(name, [second]));
  const limits = verdict.objectives.filter(
    (objective) => objective.source === 'client' && objective.of === name && objective.unit === 'ms',
  );
  return {
    id: `latency.${name}`,
    group: 'latency',
    title: name,
    caption: finding(name, verdict, limits),
    unit: 'ms',
    scale: 'log',
    x: seconds,
    series: quantiles.map(({ label, role, q }) => ({
      label,
      role,
      values: seen.map((distribution) => distribution.quantile(q)),
    })),
    limits: limits.map((objective) => ({ label: objective.limit, value: objective.limitValue })),
    ...nothing(sum(seen.map((distribution) => distribution.count)), `No request named ${name} was sent.`),
  };
}

/** What the chart shows, in a sentence: the objective's values where it has one, else the whole run's. */
function finding(name: string, verdict: Verdict, limits: ObjectiveResult[]): string {
  const [objective] = limits;
  if (objective) {
    const cells = objective.cells.filter((cell) => cell.window !== 'whole');
    const values = cells.map((cell) => `${cell.value === null ? 'no data' : ms(cell.value)} in ${cell.window}`);
    return `Response time, ${objective.limit}: ${values.join(', ')}.`;
  }
  const request = verdict.requests.find((candidate) => candidate.name === name);
  return `Response time: p50 ${ms(request?.p50Ms ?? null)}, p99 ${ms(request?.p99Ms ?? null)} over the whole run.`;
}

function errorsChart(evidence: Evidence, seconds: number[]): Chart | undefined {
  const byKind = new Map<string, number[]>();
  for (const [index, second] of seconds.entries()) {
    for (const name of evidence.requestNames) {
      for (const [kind, count] of Object.entries(evidence.response(name, [second]).errorKinds)) {
        const values = byKind.get(kind) ?? seconds.map(() => 0);
        values[index] = (values[index] ?? 0) + count;
        byKind.set(kind, values);
      }
    }
  }
  const total = sum([...byKind.values()].flat());
  if (total === 0) return undefined;
  return {
    id: 'errors',
    group: 'errors',
    title: 'Errors by kind',
    caption: `${show(total)} requests failed.`,
    unit: 'per second',
    scale: 'linear',
    x: seconds,
    series: [...byKind].map(([label, values]) => ({ label, role: 'errors', values })),
    limits: [],
  };
}

interface TargetChart {
  id: string;
  title: string;
  caption: string;
  unit: Chart['unit'];
  expression: string;
  /** From what the expression gives to the chart's unit. */
  scale: number;
  by: string;
}

const TARGET_CHARTS: TargetChart[] = [
  {
    id: 'shard-latency',
    title: 'Time to store an order, by shard',
    caption: 'Mean time the orders service waited for each shard, as it saw it: an injected delay shows here in full.',
    unit: 'ms',
    expression:
      'sum by (shard) (rate(db_query_duration_seconds_sum{op="place_order"}[4s])) / sum by (shard) (rate(db_query_duration_seconds_count{op="place_order"}[4s]))',
    scale: 1_000,
    by: 'shard',
  },
  {
    id: 'service-p99',
    title: 'p99 of each service',
    caption: '99th percentile of the time each service took to answer, as it saw it; long polls left out.',
    unit: 'ms',
    expression:
      'histogram_quantile(0.99, sum by (service, le) (rate(http_server_request_duration_seconds_bucket{route!="/lease"}[5s])))',
    scale: 1_000,
    by: 'service',
  },
  {
    id: 'edge-cache',
    title: 'Answers of the edge, by cache status',
    caption: 'What the edge answered from its cache and what it had to fetch.',
    unit: 'per second',
    expression: 'sum by (cache_status) (rate(edge_requests_total[5s]))',
    scale: 1,
    by: 'cache_status',
  },
  {
    id: 'backends',
    title: 'Gateways the load balancer uses',
    caption: '1 while the load balancer sends requests to a gateway, 0 while it does not.',
    unit: 'count',
    expression: 'max by (server) (lb_backend_up)',
    scale: 1,
    by: 'server',
  },
  {
    id: 'queue',
    title: 'Messages waiting',
    caption: 'Jobs in the queue, by state.',
    unit: 'count',
    expression: 'sum by (state) (queue_messages)',
    scale: 1,
    by: 'state',
  },
];

async function targetChart(chart: TargetChart, evidence: Evidence, seconds: number[]): Promise<Chart | undefined> {
  const [first, last] = [seconds.at(0), seconds.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const found = await evidence.queryRange(chart.expression, first * 1_000, last * 1_000, 1_000).catch(() => []);
  if (found.length === 0) return undefined;
  const series = found.map(({ labels, samples }) => {
    const at = new Map(samples.map(({ tMs, value }) => [Math.round(tMs / 1_000), value]));
    const values = seconds.map((second): Point => {
      const value = at.get(second);
      return value === undefined || !Number.isFinite(value) ? null : value * chart.scale;
    });
    return { label: labels[chart.by] ?? chart.title, role: 'other' as const, values };
  });
  const { id, title, caption, unit } = chart;
  return {
    id,
    group: 'target',
    title,
    caption,
    unit,
    scale: 'linear',
    x: seconds,
    series: series.sort(byLabel),
    limits: [],
  };
}

function byLabel(a: { label: string }, b: { label: string }): number {
  return a.label.localeCompare(b.label);
}

function generatorChart(evidence: Evidence, verdict: Verdict, seconds: number[]): Chart {
  const lateness = gauge(evidence, seconds, (event) => event.latenessP99Ms, max);
  const lag = gauge(evidence, seconds, (event) => event.loopLagP99Ms, max);
  return {
    id: 'generator',
    group: 'generator',
    title: 'The generator itself: lateness and event-loop lag',
    caption: `Lateness p99 ${ms(verdict.validity.latenessP99Ms)}, limit ${ms(evidence.plan.validity.latenessP99Ms)}; busiest agent at ${Math.round((verdict.validity.cpuMax ?? 0) * 100)} % of a core.`,
    unit: 'ms',
    scale: 'linear',
    x: seconds,
    series: [
      { label: 'lateness p99', role: 'p99', values: lateness },
      { label: 'loop lag p99', role: 'other', values: lag },
    ],
    limits: [{ label: 'lateness limit', value: evidence.plan.validity.latenessP99Ms }],
    ...nothing(lateness.filter((value) => value !== null).length, 'No agent reported.'),
  };
}

type Health = GeneratorEvent & { tMs: number };

function reportsByAgent(evidence: Evidence): Health[][] {
  const byAgent = new Map<number, Health[]>();
  for (const event of evidence.events) {
    if (event.kind !== 'generator') continue;
    const reports = byAgent.get(event.agent);
    if (reports) reports.push(event);
    else byAgent.set(event.agent, [event]);
  }
  return [...byAgent.values()];
}

/** What a total of all agents grew by in each second. Reports come when they come: in between, growth is taken as even. */
function perSecond(evidence: Evidence, seconds: number[], total: (event: GeneratorEvent) => number): Point[] {
  const agents = reportsByAgent(evidence);
  const at = (reports: Health[], tMs: number): number => {
    const after = reports.findIndex((report) => report.tMs >= tMs);
    const to = reports[after];
    if (!to) return reports.length === 0 ? 0 : total(reports[reports.length - 1] as Health);
    const from = reports[after - 1];
    if (!from) return 0;
    return total(from) + ((total(to) - total(from)) * (tMs - from.tMs)) / (to.tMs - from.tMs);
  };
  return seconds.map((second) =>
    sum(agents.map((reports) => at(reports, (second + 1) * 1_000) - at(reports, second * 1_000))),
  );
}

/** A value of the moment, folded over each agent's last report; one that is silent for long, or lost, counts no more. */
function gauge(
  evidence: Evidence,
  seconds: number[],
  value: (event: GeneratorEvent) => number | null,
  fold: (values: number[]) => number,
): Point[] {
  const agents = reportsByAgent(evidence);
  const lost = evidence.events.filter((event) => event.kind === 'agent lost');
  const goneMs = new Map(lost.map(({ agent, tMs }) => [agent, tMs]));
  return seconds.map((second) => {
    const endMs = (second + 1) * 1_000;
    const last = agents.map((reports) =>
      reports.findLast(
        ({ agent, tMs }) =>
          tMs <= endMs && tMs > endMs - SILENT_MS && endMs <= (goneMs.get(agent) ?? Number.POSITIVE_INFINITY),
      ),
    );
    const values = last.map((report) => (report ? value(report) : null)).filter((each) => each !== null);
    return values.length === 0 ? null : fold(values);
  });
}

const SILENT_MS = 3_000;

function nothing(amount: number, sentence: string): { empty?: string } {
  return amount > 0 ? {} : { empty: sentence };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function max(values: number[]): number {
  return Math.max(...values);
}

function show(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function ms(value: number | null): string {
  if (value === null) return 'no data';
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${Number(value.toPrecision(3))} ms`;
}
