import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { deadlineMsOf } from '../../service/deadline.ts';
import { forwardedHeaders } from '../../service/forwarded-headers.ts';
import { httpMeter } from '../../service/http-metrics.ts';
import { counter, METRICS_CONTENT_TYPE, renderMetrics, startDefaultMetrics } from '../../service/metrics.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { SERVER_KEEP_ALIVE_MS } from '../../service/service.ts';
import { connectUpstream, type UpstreamRequest, type UpstreamResult } from '../../service/upstream.ts';
import { nowMs, skewedDate } from '../../service/wall-clock.ts';
import { readBody } from './body.ts';
import { storedStatus } from './cache-status.ts';
import { HttpCache } from './http-cache.ts';
import { ageSec, type StoredAnswer } from './stored-answer.ts';

const MAX_ENTRIES = 4_096;
const MAX_CACHE_BYTES = 64 * 1024 * 1024;
const MAX_BODY_BYTES = 1_048_576;

/**
 * The entry: an HTTP cache in front of the load balancer.
 *
 * Plain node:http, alone among the roles: its hit path has nothing for a framework to do, no route, no body, no
 * serialisation, and every request of the system comes through this one process.
 */
export const edge = defineRole({
  settings: z.strictObject({ ...listenSettings, lb: z.url() }),

  async start(settings) {
    startDefaultMetrics([]);
    const pop = settings.name;
    const meter = httpMeter('edge');
    const lb = connectUpstream({ service: 'edge', upstream: 'lb', url: settings.lb, maxConnections: 1_024 });
    const cache = new HttpCache({ maxEntries: MAX_ENTRIES, maxBytes: MAX_CACHE_BYTES, nowMs });
    const requests = counter('edge_requests_total', 'Requests by what the cache made of them.', [
      'pop',
      'cache_status',
    ]);
    const fetches = counter('edge_origin_fetches_total', 'Requests to the origin.', ['pop', 'outcome']);
    const collapsed = counter('edge_collapsed_requests_total', 'Requests that shared one fetch.', ['pop']);
    collapsed.inc({ pop }, 0);
    const count = {
      hit: requests.labels(pop, 'hit'),
      stale: requests.labels(pop, 'stale'),
      'stale-error': requests.labels(pop, 'stale-error'),
      revalidated: requests.labels(pop, 'revalidated'),
      collapsed: requests.labels(pop, 'collapsed'),
      miss: requests.labels(pop, 'miss'),
      pass: requests.labels(pop, 'pass'),
    };

    const callOrigin = async (request: UpstreamRequest): Promise<UpstreamResult> => {
      const result = await lb.call(request);
      fetches.inc({ pop, outcome: result.kind === 'answer' ? 'ok' : result.kind });
      return result;
    };

    const serveThroughCache = async (request: IncomingMessage, response: ServerResponse, url: string) => {
      const served = await cache.serve(url, (path, etag) => {
        // The copy is for everybody: fetched whole, and on the cache's own conditions.
        const { 'if-none-match': _etag, 'if-modified-since': _since, range: _range, ...headers } = request.headers;
        return callOrigin({
          method: 'GET',
          path,
          headers: { ...forwardedHeaders(headers), ...(etag === undefined ? {} : { 'if-none-match': etag }) },
          timeoutMs: deadlineMsOf(request.headers),
        });
      });
      count[served.how].inc();
      if (served.how === 'collapsed') collapsed.inc({ pop });
      if (served.kind === 'stored') {
        const status = storedStatus(pop, served.how, served.stored, nowMs());
        sendStored(request, response, served.stored, status);
      } else {
        sendOrigin(response, served.result, `${pop}; fwd=uri-miss${served.how === 'collapsed' ? '; collapsed' : ''}`);
      }
    };

    const pass = async (request: IncomingMessage, response: ServerResponse, url: string) => {
      count.pass.inc();
      const body = await readBody(request, MAX_BODY_BYTES);
      if (body === 'too-large') {
        const message = `expected at most ${MAX_BODY_BYTES} bytes`;
        sendJson(response, 413, { error: 'body-too-large', message });
        return;
      }
      const result = await callOrigin({
        method: request.method ?? 'GET',
        path: url,
        headers: forwardedHeaders(request.headers),
        ...(body.length > 0 ? { body } : {}),
        timeoutMs: deadlineMsOf(request.headers),
      });
      sendOrigin(response, result, `${pop}; fwd=${request.headers.authorization === undefined ? 'method' : 'bypass'}`);
    };

    const server = createServer({ keepAliveTimeout: SERVER_KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
      const startedAtMs = performance.now();
      const url = request.url ?? '/';
      const method = request.method ?? 'GET';
      meter.started();
      const date = skewedDate();
      if (date !== undefined) response.setHeader('date', date);
      response.once('close', () => {
        // A client that went away before its answer is counted as what nginx calls 499.
        const code = response.writableFinished ? response.statusCode : 499;
        meter.finished(routeOf(url), method, code, (performance.now() - startedAtMs) / 1000);
      });
      if ((method === 'GET' || method === 'HEAD') && request.headers.authorization === undefined) {
        const stored = cache.lookup(url);
        if (stored !== undefined) {
          count.hit.inc();
          sendStored(request, response, stored, storedStatus(pop, 'hit', stored, nowMs()));
        } else if (url === '/livez' || url === '/readyz') sendJson(response, 200, { ready: true });
        else if (url === '/metrics') void sendMetrics(response);
        else void serveThroughCache(request, response, url);
      } else {
        pass(request, response, url).catch(() => response.destroy());
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(settings.port, settings.host, 4_096, resolve);
    });

    return {
      async stop() {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeIdleConnections();
        await closed;
        await lb.close();
      },
    };
  },
});

function sendStored(request: IncomingMessage, response: ServerResponse, stored: StoredAnswer, status: string): void {
  const pairs = stored.headerPairs.concat('age', String(ageSec(stored, nowMs())), 'cache-status', status);
  const known = request.headers['if-none-match'];
  if (known !== undefined && known === stored.etag) {
    response.writeHead(304, ['etag', known, 'cache-status', status]);
    response.end();
    return;
  }
  response.writeHead(200, pairs);
  response.end(stored.body);
}

function sendOrigin(response: ServerResponse, result: UpstreamResult, status: string): void {
  switch (result.kind) {
    case 'answer':
      response.setHeader('Cache-Status', `${status}; fwd-status=${result.statusCode}`);
      response.writeHead(result.statusCode, {
        ...forwardedHeaders(result.headers),
        'content-length': result.body.length,
      });
      response.end(result.body);
      return;
    case 'unsent':
      response.setHeader('Cache-Status', status);
      response.setHeader('X-Outcome', 'rejected');
      response.setHeader('Retry-After', '1');
      sendJson(response, 503, { error: 'origin-unreachable', message: result.error.message });
      return;
    case 'broken':
      response.setHeader('Cache-Status', status);
      sendJson(response, 502, { error: 'origin-broken', message: result.error.message });
      return;
    case 'timeout':
      response.setHeader('Cache-Status', status);
      sendJson(response, 504, { error: 'origin-timeout', message: 'the origin did not answer before the deadline' });
      return;
    default:
      result satisfies never;
  }
}

function sendJson(response: ServerResponse, code: number, content: unknown): void {
  const body = Buffer.from(JSON.stringify(content));
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

async function sendMetrics(response: ServerResponse): Promise<void> {
  const text = await renderMetrics();
  response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE });
  response.end(text);
}

/** A handful of templates: paths that come from clients must not become labels. */
function routeOf(url: string): string {
  if (url === '/' || url === '/metrics' || url === '/livez' || url === '/readyz') return url;
  if (url.startsWith('/static/')) return '/static/*';
  if (url.startsWith('/v1/products')) return '/v1/products/*';
  if (url.startsWith('/v1/orders')) return '/v1/orders/*';
  if (url.startsWith('/v1/jobs')) return '/v1/jobs/*';
  return 'unmatched';
}
