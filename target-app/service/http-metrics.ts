import { counter, durationHistogram, gauge } from './metrics.ts';

/** Counts and times the HTTP requests a service answers. `route` is a template (`/v1/orders/:id`), never a raw path. */
export interface HttpMeter {
  started(): void;
  finished(route: string, method: string, code: number, durationSec: number): void;
  shed(reason: string): void;
}

interface Child {
  inc(): void;
  observe(durationSec: number): void;
}

export function httpMeter(service: string): HttpMeter {
  const labelNames = ['service', 'route', 'method', 'code'] as const;
  const requests = counter('http_server_requests_total', 'HTTP requests answered.', labelNames);
  const durations = durationHistogram('http_server_request_duration_seconds', 'Time to answer.', labelNames);
  const inFlight = gauge('http_server_requests_in_flight', 'HTTP requests being answered now.', ['service']);
  const shedTotal = counter('http_server_requests_shed_total', 'HTTP requests refused at once.', ['service', 'reason']);
  let open = 0;
  const openGauge = inFlight.labels(service);
  openGauge.set(0);

  // Looking a labelled child up costs more than counting, and a service answers a handful of combinations.
  const children = new Map<string, Child>();
  const child = (route: string, method: string, code: number): Child => {
    const key = `${route} ${method} ${code}`;
    const known = children.get(key);
    if (known !== undefined) return known;
    const labels = [service, route, method, String(code)] as const;
    const count = requests.labels(...labels);
    const duration = durations.labels(...labels);
    const made = { inc: () => count.inc(), observe: (durationSec: number) => duration.observe(durationSec) };
    children.set(key, made);
    return made;
  };

  return {
    started() {
      openGauge.set(++open);
    },
    finished(route, method, code, durationSec) {
      openGauge.set(--open);
      const metrics = child(route, method, code);
      metrics.inc();
      metrics.observe(durationSec);
    },
    shed(reason) {
      shedTotal.inc({ service, reason });
    },
  };
}
