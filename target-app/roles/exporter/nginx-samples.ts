import { connectUpstream } from '../../service/upstream.ts';
import type { Collector, Sample } from './sample.ts';

/** `url` is where nginx answers `stub_status`. */
export function nginxCollector(node: string, url: string): Collector {
  const { origin, pathname } = new URL(url);
  const nginx = connectUpstream({ service: 'exporter', upstream: node, url: origin, maxConnections: 1 });
  return {
    up: 'nginx_up',
    async collect() {
      const result = await nginx.call({ method: 'GET', path: pathname, timeoutMs: 2_000 });
      if (result.kind !== 'answer') throw new Error(`nginx did not answer ${pathname}: ${result.kind}`);
      return nginxSamples(result.body.toString());
    },
    close: () => nginx.close(),
  };
}

/**
 * From the page of ngx_http_stub_status_module, under the names of nginx-prometheus-exporter.
 * @throws when it is another page
 */
export function nginxSamples(page: string): Sample[] {
  const [active, accepted, handled, requests, reading, writing, waiting] = (page.match(/\d+/g) ?? []).map(Number);
  if (waiting === undefined) throw new Error(`expected the page of stub_status, got "${page.slice(0, 80)}"`);
  const gauges = { active, reading, writing, waiting };
  return [
    ...Object.entries(gauges).map(([name, value = 0]): Sample => {
      return { name: `nginx_connections_${name}`, type: 'gauge', value };
    }),
    { name: 'nginx_connections_accepted', type: 'counter', value: accepted ?? 0 },
    { name: 'nginx_connections_handled', type: 'counter', value: handled ?? 0 },
    { name: 'nginx_http_requests_total', type: 'counter', value: requests ?? 0 },
  ];
}
