import { z } from 'zod';
import { METRICS_CONTENT_TYPE, startDefaultMetrics } from '../../service/metrics.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { nginxCollector } from './nginx-samples.ts';
import { postgresCollector } from './postgres-samples.ts';
import { redisCollector } from './redis-samples.ts';
import { type Collector, renderSamples } from './sample.ts';
import { varnishCollector, varnishFileCollector } from './varnish-samples.ts';

/** What a target's address begins with says what it is. */
const SCHEMES = ['redis:', 'postgres:', 'http:', 'varnish:', 'varnish-file:'];

const targetList = z.string().transform((text, context) => {
  const targets = new Map<string, string>();
  for (const entry of text.split(',').filter((one) => one !== '')) {
    const equals = entry.indexOf('=');
    const url = entry.slice(equals + 1);
    if (equals < 1 || !URL.canParse(url) || !SCHEMES.includes(new URL(url).protocol)) {
      const known = 'redis://, postgres://, http:// (stub_status of nginx), varnish:///folder or varnish-file:///file';
      context.addIssue({ code: 'custom', message: `expected <node>=<address> with ${known}, got "${entry}"` });
    }
    targets.set(entry.slice(0, equals), url);
  }
  return targets;
});

/** Tells Prometheus, at `/metrics/<node>`, about the parts that cannot do so themselves. */
export const exporter = defineRole({
  settings: z.strictObject({ ...listenSettings, targets: targetList, varnishstat: z.string().default('varnishstat') }),

  async start(settings) {
    startDefaultMetrics([]);
    const collectors = new Map<string, Collector>(
      [...settings.targets].map(([node, url]) => [node, collectorOf(node, url, settings.varnishstat)]),
    );
    const service = createService({
      service: 'exporter',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      // That a part is down is news to tell, not a reason to be down as well.
      readiness: () => ({ ready: true }),
    });
    service.app.get<{ Params: { node: string } }>('/metrics/:node', async (request, reply) => {
      const { node } = request.params;
      const collector = collectors.get(node);
      if (collector === undefined) {
        const message = `there is no ${node} here, only ${[...collectors.keys()].join(', ')}`;
        return reply.code(404).send({ error: 'not-found', message });
      }
      reply.type(METRICS_CONTENT_TYPE);
      try {
        const samples = await collector.collect();
        return renderSamples([{ name: collector.up, type: 'gauge', value: 1 }, ...samples]);
      } catch {
        return renderSamples([{ name: collector.up, type: 'gauge', value: 0 }]);
      }
    });
    await service.listen();
    return {
      async stop() {
        await service.drain(0);
        await Promise.all([...collectors.values()].map((collector) => collector.close()));
      },
    };
  },
});

function collectorOf(node: string, url: string, varnishstat: string): Collector {
  const { protocol, pathname } = new URL(url);
  if (protocol === 'redis:') return redisCollector(url);
  if (protocol === 'postgres:') return postgresCollector(node, url);
  if (protocol === 'varnish-file:') return varnishFileCollector(decodeURI(pathname));
  return protocol === 'varnish:' ? varnishCollector(decodeURI(pathname), varnishstat) : nginxCollector(node, url);
}
