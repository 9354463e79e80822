import type { Direction } from './toxic.ts';

/** Bytes of one direction of one proxy at one address, counted as they pass. */
export interface Counters {
  receivedBytes: number;
  sentBytes: number;
}

/** What the counters are kept by. They outlive the proxy, as counters must. */
export interface CounterLabels {
  direction: Direction;
  listener: string;
  proxy: string;
  upstream: string;
}

export interface ProxyGauges {
  proxy: string;
  connections: number;
  toxics: number;
}

/** Byte counters of every proxy there was, and the Prometheus text of them. */
export class Metrics {
  readonly #series = new Map<string, Counters>();

  /** The counters for these labels, from 0 when they are new. */
  counters({ direction, listener, proxy, upstream }: CounterLabels): Counters {
    const key = labels({ direction, listener, proxy, upstream });
    const known = this.#series.get(key);
    if (known) return known;
    const counters = { receivedBytes: 0, sentBytes: 0 };
    this.#series.set(key, counters);
    return counters;
  }

  /** Text exposition format 0.0.4; families and series in a fixed order. */
  text(gauges: readonly ProxyGauges[]): string {
    const series = [...this.#series].sort(([a], [b]) => (a < b ? -1 : 1));
    const byProxy = gauges.map((gauge) => ({ labels: labels({ proxy: gauge.proxy }), gauge }));
    return [
      family('toxiproxy_proxy_connections', 'gauge', 'Connections open now.'),
      ...byProxy.map(({ labels, gauge }) => `toxiproxy_proxy_connections${labels} ${gauge.connections}`),
      family('toxiproxy_proxy_received_bytes_total', 'counter', 'Bytes read from the sending side, as they come.'),
      ...series.map(([key, { receivedBytes }]) => `toxiproxy_proxy_received_bytes_total${key} ${receivedBytes}`),
      family('toxiproxy_proxy_sent_bytes_total', 'counter', 'Bytes passed to the receiving side, as they go.'),
      ...series.map(([key, { sentBytes }]) => `toxiproxy_proxy_sent_bytes_total${key} ${sentBytes}`),
      family('toxiproxy_proxy_toxics', 'gauge', 'Toxics on the proxy.'),
      ...byProxy.map(({ labels, gauge }) => `toxiproxy_proxy_toxics${labels} ${gauge.toxics}`),
      '',
    ].join('\n');
  }
}

function family(name: string, type: 'gauge' | 'counter', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
}

function labels(values: Record<string, string>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
