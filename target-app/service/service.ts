import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { type HttpMeter, httpMeter } from './http-metrics.ts';
import { METRICS_CONTENT_TYPE, renderMetrics } from './metrics.ts';
import { skewedDate } from './wall-clock.ts';

/**
 * Longer than any client here keeps an idle connection (see upstream.ts), so that it is always the client who closes:
 * the other way round, a request can meet a connection that the server has just closed.
 */
export const SERVER_KEEP_ALIVE_MS = 65_000;

/** What `/readyz` answers: 503 unless `ready`; `detail` tells a person which capability is missing. */
export interface Readiness {
  ready: boolean;
  detail?: Record<string, string>;
}

export interface ServiceOptions {
  /** The role: the `service` label of the metrics. */
  service: string;
  /** The node's own name, answered in X-Served-By. */
  name: string;
  host: string;
  port: number;
  /** Only what this service needs of itself; a dependency shared with its twins must never make all of them unready. */
  readiness: () => Readiness;
  /** Largest accepted body in bytes. */
  bodyLimitBytes?: number;
}

export interface Service {
  app: FastifyInstance;
  log: FastifyBaseLogger;
  meter: HttpMeter;
  listen(): Promise<void>;
  /** Unready at once, still serving for `forMs` so that balancers notice, then no new connections and an orderly end. */
  drain(forMs: number): Promise<void>;
}

/** An HTTP service with `/livez`, `/readyz`, `/metrics` and measured requests. */
export function createService(options: ServiceOptions): Service {
  const meter = httpMeter(options.service);
  const app = Fastify({
    logger: { level: 'warn', base: { node: options.name } },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    keepAliveTimeout: SERVER_KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
  });
  let draining = false;

  app.addHook('onRequest', (_request, _reply, done) => {
    meter.started();
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    const date = skewedDate();
    if (date !== undefined) reply.header('date', date);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    meter.finished(route, request.method, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ error: 'not-found', message: `${request.method} ${request.url} is not served here` });
  });

  app.get('/livez', (_request, reply) => {
    reply.send({ alive: true });
  });
  app.get('/readyz', (_request, reply) => {
    const state = options.readiness();
    const ready = state.ready && !draining;
    reply.code(ready ? 200 : 503).send({ ready, draining, ...(state.detail === undefined ? {} : state.detail) });
  });
  app.get('/metrics', async (_request, reply) => {
    reply.type(METRICS_CONTENT_TYPE);
    return await renderMetrics();
  });

  return {
    app,
    log: app.log,
    meter,
    async listen() {
      await app.listen({ host: options.host, port: options.port, backlog: 4096 });
    },
    async drain(forMs) {
      draining = true;
      await new Promise((resolve) => setTimeout(resolve, forMs));
      await app.close();
    },
  };
}
