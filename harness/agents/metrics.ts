import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { Histogram } from '../load/histogram.ts';
import type { Snapshot } from './protocol.ts';

/** What an agent tells Prometheus: the same numbers as its snapshots, as counters, gauges and classic histograms. */
export class AgentMetrics {
  readonly #registry = new Registry();
  readonly #latency = new Map<string, Histogram>();
  readonly #totals = { iterations: 0, failedIterations: 0, dropped: 0 };
  readonly #requests: Counter<'name' | 'ending'>;
  readonly #checks: Counter<'name' | 'result'>;
  readonly #sockets: Gauge;
  readonly #iterations: Counter<'result'>;
  readonly #users: Gauge<'load'>;
  readonly #inFlight: Gauge;
  readonly #cpu: Gauge;
  readonly #loopLag: Gauge;

  readonly #agent: number;
  readonly #boundsSeconds: readonly number[];

  constructor(agent: number, boundsSeconds: readonly number[]) {
    this.#agent = agent;
    this.#boundsSeconds = boundsSeconds;
    const registers = [this.#registry];
    this.#registry.setDefaultLabels({ agent: String(agent) });
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: 'stampede_requests_total',
      help: 'Requests by name and by how they ended.',
      labelNames: ['name', 'ending'],
      registers,
    });
    this.#checks = new Counter({
      name: 'stampede_checks_total',
      help: 'Checks of flows: held, or failed.',
      labelNames: ['name', 'result'],
      registers,
    });
    this.#sockets = new Gauge({ name: 'stampede_sockets', help: 'Open connections to the target.', registers });
    this.#iterations = new Counter({
      name: 'stampede_iterations_total',
      help: 'Iterations of flows: completed, failed, or dropped because too many were under way.',
      labelNames: ['result'],
      registers,
    });
    this.#users = new Gauge({
      name: 'stampede_active',
      help: 'Active users of a closed load group, or iterations under way of an open one.',
      labelNames: ['load'],
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'stampede_requests_in_flight',
      help: 'Requests without an answer yet.',
      registers,
    });
    this.#cpu = new Gauge({
      name: 'stampede_agent_cpu_ratio',
      help: 'CPU of the agent as a share of one core.',
      registers,
    });
    this.#loopLag = new Gauge({
      name: 'stampede_agent_loop_lag_p99_seconds',
      help: '99th percentile of the event-loop delay over the last second.',
      registers,
    });
  }

  add({ slices, state, health }: Snapshot): void {
    for (const { kind, name, endings, response } of slices) {
      if (kind === 'check') {
        this.#checks.inc({ name, result: 'held' }, endings.ok ?? 0);
        this.#checks.inc({ name, result: 'failed' }, endings.failed ?? 0);
      }
      if (kind !== 'request') continue;
      for (const [ending, count] of Object.entries(endings)) this.#requests.inc({ name, ending }, count);
      let histogram = this.#latency.get(name);
      if (!histogram) {
        histogram = new Histogram();
        this.#latency.set(name, histogram);
      }
      histogram.mergeEncoded(response);
    }
    for (const [load, count] of Object.entries(state.active)) this.#users.set({ load }, count);
    this.#iterations.inc({ result: 'completed' }, state.iterations - this.#totals.iterations);
    this.#iterations.inc({ result: 'failed' }, state.failedIterations - this.#totals.failedIterations);
    this.#iterations.inc({ result: 'dropped' }, state.dropped - this.#totals.dropped);
    Object.assign(this.#totals, state);
    this.#inFlight.set(state.inFlight);
    this.#sockets.set(state.sockets);
    this.#cpu.set(health.cpu);
    this.#loopLag.set(health.loopLagP99Ms / 1_000);
  }

  /** Prometheus text. The latency histogram is written by hand: prom-client cannot take one that is filled already. */
  async text(): Promise<string> {
    const lines = [
      '# HELP stampede_request_duration_seconds Response time, from when a request was due to its last byte.',
    ];
    lines.push('# TYPE stampede_request_duration_seconds histogram');
    for (const [name, histogram] of this.#latency) {
      const labels = `agent="${this.#agent}",name=${JSON.stringify(name)}`;
      const counts = histogram.cumulative(this.#boundsSeconds.map((bound) => bound * 1_000));
      for (const [index, bound] of this.#boundsSeconds.entries()) {
        lines.push(`stampede_request_duration_seconds_bucket{${labels},le="${bound}"} ${counts[index] ?? 0}`);
      }
      lines.push(`stampede_request_duration_seconds_bucket{${labels},le="+Inf"} ${histogram.count}`);
      lines.push(`stampede_request_duration_seconds_sum{${labels}} ${histogram.sumMs / 1_000}`);
      lines.push(`stampede_request_duration_seconds_count{${labels}} ${histogram.count}`);
    }
    return `${await this.#registry.metrics()}\n${lines.join('\n')}\n`;
  }
}
