import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { deadlineMsOf } from '../../service/deadline.ts';
import { forwardedHeaders } from '../../service/forwarded-headers.ts';
import { counter, gauge, startDefaultMetrics } from '../../service/metrics.ts';
import { passAnswer } from '../../service/pass-answer.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { connectUpstream, type Upstream, type UpstreamResult } from '../../service/upstream.ts';
import { nowMs } from '../../service/wall-clock.ts';
import { type Backend, Backends } from './backends.ts';

const CHECK_INTERVAL_MS = 500;
const CHECK_TIMEOUT_MS = 1_000;

interface Target {
  upstream: Upstream;
  /** Asks the gateway itself, past the link its requests take. */
  check: Upstream;
}

const backendList = z.string().transform((text, context) => {
  return text.split(',').map((entry) => {
    const [name, url, checkUrl] = entry.split('=');
    if (name === undefined || !z.url().safeParse(url).success || !z.url().safeParse(checkUrl).success) {
      context.addIssue({ code: 'custom', message: `expected <name>=<url>=<url for checks>, got "${entry}"` });
    }
    return { name: name ?? '', url: url ?? '', checkUrl: checkUrl ?? '' };
  });
});

export const lb = defineRole({
  settings: z.strictObject({ ...listenSettings, backends: backendList }),

  async start(settings) {
    startDefaultMetrics([]);
    const up = gauge('lb_backend_up', '1 while the backend gets traffic.', ['backend', 'server']);
    const sessions = gauge('lb_backend_sessions', 'Requests the backend is working on.', ['backend', 'server']);
    const retries = counter('http_client_retries_total', 'Requests sent again, to another backend.', [
      'upstream',
      'reason',
    ]);
    // A series that exists from the start makes the first increase visible to rate().
    for (const { name: upstream } of settings.backends) retries.inc({ upstream, reason: 'unsent' }, 0);

    const backends = new Backends<Target>(
      settings.backends.map(({ name, url, checkUrl }) => ({
        name,
        target: {
          upstream: connectUpstream({ service: 'lb', upstream: name, url, maxConnections: 1_024 }),
          check: connectUpstream({ service: 'lb', upstream: `${name}-check`, url: checkUrl, maxConnections: 1 }),
        },
      })),
    );
    const service = createService({
      service: 'lb',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      readiness: () => ({
        ready: backends.all.some((backend) => backend.up),
        detail: Object.fromEntries(backends.all.map((backend) => [backend.name, backend.up ? 'up' : 'down'])),
      }),
    });
    const { app } = service;
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

    const report = (backend: Backend<Target>) => {
      const labels = { backend: 'gateway', server: backend.name };
      up.set(labels, backend.up && backend.ejectedUntilMs <= nowMs() ? 1 : 0);
      sessions.set(labels, backend.sessions);
    };
    const check = async (backend: Backend<Target>) => {
      const result = await backend.target.check.call({ method: 'GET', path: '/readyz', timeoutMs: CHECK_TIMEOUT_MS });
      backends.checked(backend, result.kind === 'answer' && result.statusCode === 200);
      report(backend);
    };
    const watch = async (backend: Backend<Target>) => {
      for (;;) {
        const startedAtMs = nowMs();
        await check(backend);
        // While nothing is up there is nothing to spare, and somebody is waiting.
        const intervalMs = backends.all.some((one) => one.up) ? CHECK_INTERVAL_MS : CHECK_INTERVAL_MS / 5;
        const pauseMs = Math.max(0, startedAtMs + intervalMs - nowMs());
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    for (const backend of backends.all) void watch(backend);

    const attempt = async (backend: Backend<Target>, request: FastifyRequest, timeoutMs: number) => {
      backend.sessions++;
      const result = await backend.target.upstream.call({
        method: request.method,
        path: request.url,
        headers: forwardedHeaders(request.headers),
        ...(Buffer.isBuffer(request.body) ? { body: request.body } : {}),
        timeoutMs,
      });
      backend.sessions--;
      // Behind a proxy that accepts for it, a gateway that is gone looks like one that hangs up.
      if (result.kind === 'unsent' || result.kind === 'broken') {
        backends.failed(backend, nowMs());
        report(backend);
      }
      return result;
    };

    app.all('/*', async (request, reply) => {
      const deadlineAtMs = nowMs() + deadlineMsOf(request.headers);
      const first = backends.choose(nowMs());
      if (first === undefined) return noBackend(reply);
      let result = await attempt(first, request, deadlineAtMs - nowMs());
      const again = mayRepeat(result, request.method) ? backends.choose(nowMs(), first) : undefined;
      const leftMs = deadlineAtMs - nowMs();
      if (again !== undefined && leftMs > 0) {
        retries.inc({ upstream: again.name, reason: result.kind });
        result = await attempt(again, request, leftMs);
      }
      return answer(reply, result);
    });

    await service.listen();
    return {
      async stop() {
        await service.drain(0);
        for (const { target } of backends.all) await Promise.all([target.upstream.close(), target.check.close()]);
      },
    };
  },
});

/** Only what surely had no effect, or may be done twice, is sent again: a POST that broke half-way may be an order. */
function mayRepeat(result: UpstreamResult, method: string): boolean {
  if (result.kind === 'unsent') return true;
  return result.kind === 'broken' && (method === 'GET' || method === 'HEAD');
}

function answer(reply: FastifyReply, result: UpstreamResult): FastifyReply {
  switch (result.kind) {
    case 'answer':
      return passAnswer(reply, result);
    case 'unsent':
      return noBackend(reply);
    case 'broken':
      return reply.code(502).send({ error: 'gateway-broken', message: result.error.message });
    case 'timeout':
      return reply.code(504).send({ error: 'gateway-timeout', message: 'no gateway answered before the deadline' });
    default:
      return result satisfies never;
  }
}

function noBackend(reply: FastifyReply): FastifyReply {
  reply.header('Retry-After', '1').header('X-Outcome', 'rejected');
  return reply.code(503).send({ error: 'no-gateway', message: 'no gateway accepts connections' });
}
