import { Counter, collectDefaultMetrics, Gauge, Histogram, register } from 'prom-client';

/** Upper bounds in seconds, the same for every duration in this system so that they can be added up across services. */
export const DURATION_BUCKETS_SEC = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];

export function counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
  return new Counter<Label>({ name, help, labelNames });
}

export function gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
  return new Gauge<Label>({ name, help, labelNames });
}

export function durationHistogram<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
  return new Histogram<Label>({ name, help, labelNames, buckets: DURATION_BUCKETS_SEC });
}

/** Each look at the event loop wakes the process: at the usual 10 ms that is most of what an idle one costs. */
const LOOP_PRECISION_MS = 20;

/** Process and event-loop metrics, plus which build and which deliberate bugs are running. */
export function startDefaultMetrics(mutants: readonly string[]): void {
  collectDefaultMetrics({ eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  gauge('target_build_info', 'Always 1; the labels say what runs.', ['version', 'mutants']).set(
    { version: '1', mutants: mutants.join(',') },
    1,
  );
}

export const METRICS_CONTENT_TYPE = register.contentType;

/** All metrics of this process in Prometheus' text format. */
export function renderMetrics(): Promise<string> {
  return register.metrics();
}
