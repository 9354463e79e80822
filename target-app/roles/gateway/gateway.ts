import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { deadlineMsOf } from '../../service/deadline.ts';
import { forwardedHeaders } from '../../service/forwarded-headers.ts';
import { startDefaultMetrics } from '../../service/metrics.ts';
import { passAnswer } from '../../service/pass-answer.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { connectUpstream, type Upstream } from '../../service/upstream.ts';
import { makeStaticAssets } from '../../static-assets.ts';

/** Requests in work at a time. More would only wait, and hold memory while they do. */
const MAX_IN_FLIGHT = 768;

/** Time for the balancer to notice: fall x interval, and some slack. */
const DRAIN_MS = 1_300;

export const gateway = defineRole({
  settings: z.strictObject({ ...listenSettings, orders: z.url(), catalog: z.url(), jobs: z.url() }),

  async start(settings) {
    startDefaultMetrics([]);
    const upstream = (name: string, url: string) =>
      connectUpstream({ service: 'gateway', upstream: name, url, maxConnections: MAX_IN_FLIGHT });
    const upstreams = {
      orders: upstream('orders', settings.orders),
      catalog: upstream('catalog', settings.catalog),
      jobs: upstream('jobs', settings.jobs),
    };
    const service = createService({
      service: 'gateway',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      // Its dependencies are shared with the other gateway: unready for their sake, both would be gone at once.
      readiness: () => ({ ready: true }),
    });
    const { app, meter } = service;

    // Bodies pass through unread: whether they are right is for the service that understands them to say.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

    let inFlight = 0;
    const forward = (to: Upstream, path: (request: FastifyRequest) => string) => {
      return async (request: FastifyRequest, reply: FastifyReply) => {
        const requestId = String(request.headers['x-request-id'] ?? randomUUID());
        reply.header('X-Request-Id', requestId).header('X-Served-By', settings.name);
        if (inFlight >= MAX_IN_FLIGHT) {
          meter.shed('concurrency');
          reply.header('Retry-After', '1').header('X-Outcome', 'rejected');
          return reply.code(503).send({ error: 'overloaded', message: `${inFlight} requests are in work already` });
        }
        inFlight++;
        try {
          const timeoutMs = deadlineMsOf(request.headers);
          const result = await to.call({
            method: request.method,
            path: path(request),
            headers: {
              ...forwardedHeaders(request.headers),
              'x-request-id': requestId,
              'x-deadline-ms': String(timeoutMs),
            },
            ...(Buffer.isBuffer(request.body) ? { body: request.body } : {}),
            timeoutMs,
          });
          switch (result.kind) {
            case 'answer':
              return passAnswer(reply, result);
            case 'unsent':
              reply.header('X-Outcome', 'rejected');
              return reply.code(503).send({ error: 'upstream-unreachable', message: result.error.message });
            case 'broken':
              return reply.code(502).send({ error: 'upstream-broken', message: result.error.message });
            case 'timeout':
              return reply.code(504).send({ error: 'upstream-timeout', message: `no answer within ${timeoutMs} ms` });
            default:
              return result satisfies never;
          }
        } finally {
          inFlight--;
        }
      };
    };
    const samePath = (request: FastifyRequest) => request.url;

    app.get('/', forward(upstreams.catalog, samePath));
    app.get('/v1/products', forward(upstreams.catalog, samePath));
    app.get('/v1/products/:id', forward(upstreams.catalog, samePath));
    app.post('/v1/orders', forward(upstreams.orders, samePath));
    app.get('/v1/orders/:id', forward(upstreams.orders, samePath));
    app.get<{ Params: { id: string } }>('/v1/jobs/:id', async (request, reply) => {
      const path = `/jobs/${encodeURIComponent(request.params.id)}`;
      return await forward(upstreams.jobs, () => path)(request, reply);
    });

    const assets = new Map(makeStaticAssets().map((asset) => [asset.path, asset]));
    app.get('/static/*', (request, reply) => {
      const asset = assets.get(request.url);
      reply.header('X-Served-By', settings.name);
      if (asset === undefined) {
        reply.code(404).send({ error: 'not-found', message: `no asset ${request.url}` });
        return;
      }
      reply.header('Cache-Control', 'public, max-age=31536000, immutable').type(asset.contentType).send(asset.body);
    });

    await service.listen();
    return {
      async stop() {
        await service.drain(DRAIN_MS);
        await Promise.all(Object.values(upstreams).map((one) => one.close()));
      },
    };
  },
});
