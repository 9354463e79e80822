import type { IncomingMessage, ServerResponse } from 'node:http';
import { posix } from 'node:path';
import { type Answer, badRequest, plain } from './answer.ts';
import { ApiError, badBody } from './api-error.ts';
import type { EventLog } from './event-log.ts';
import { extensionRoutes } from './extension-routes.ts';
import { type Json, parseFirst, toJson } from './go-json.ts';
import type { Log, LogFields } from './log.ts';
import { originalRoutes } from './original-routes.ts';
import { asApiError, type Proxies } from './proxies.ts';
import { matches, type Route } from './route.ts';

export interface ApiOptions {
  proxies: Proxies;
  /** Served at /metrics when given. */
  metricsPage: (() => Promise<string>) | undefined;
  events: EventLog;
  log: Log;
}

/** Toxiproxy's HTTP API: statuses, header fields, key order and error texts are those of version 2.12.0. */
export function api(options: ApiOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const server = { routes: [...originalRoutes(options), ...extensionRoutes(options)], log: options.log };
  return (request, response) => {
    void answer(server, request).then(({ status, headers, body }) => {
      const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
      response.writeHead(status, { ...headers, ...length }).end(body);
    });
  };
}

interface Served {
  routes: readonly Route[];
  log: Log;
}

async function answer({ routes, log }: Served, request: IncomingMessage): Promise<Answer> {
  if (request.httpVersion === '1.1' && request.headers.host === undefined) {
    return badRequest(': missing required Host header');
  }
  const path = pathOf(request);
  if (path === undefined) return badRequest();
  const clean = cleaned(path);
  if (clean !== path) return { status: 301, headers: { Location: encodeURI(clean) }, body: '' };

  const segments = path.split('/').slice(1);
  const matching = routes.filter((candidate) => matches(candidate, segments));
  if (matching.length === 0) return plain(404, '404 page not found\n');
  const chosen = matching.find(({ methods }) => methods === 'any' || methods.includes(request.method ?? ''));
  if (!chosen) return { status: 405, headers: {}, body: '' };

  const startMs = performance.now();
  const id = requestId();
  const handled = await handle(chosen, segments, request, log);
  if (log.has('debug')) log.debug(undefined, accessFields(id, request, handled, performance.now() - startMs));
  return { ...handled, headers: { ...handled.headers, 'X-Toxiproxy-Request-Id': id } };
}

function accessFields(id: string, request: IncomingMessage, answer: Answer, durationMs: number): LogFields {
  const { socket, method, url, headers } = request;
  return {
    request_id: id,
    client: `${socket.remoteAddress}:${socket.remotePort}`,
    method,
    url,
    user_agent: headers['user-agent'] ?? '',
    status: answer.status,
    size: Buffer.byteLength(answer.body),
    duration: Number(durationMs.toFixed(6)),
  };
}

async function handle(chosen: Route, segments: string[], request: IncomingMessage, log: Log): Promise<Answer> {
  // A page in a browser must not be able to cut the links of whoever opens it.
  if (request.headers['user-agent']?.startsWith('Mozilla/')) return plain(403, 'User agent not allowed\n');
  try {
    const text = await textOf(request);
    const params = segments.filter((_, at) => chosen.path[at]?.startsWith(':'));
    const query = new URLSearchParams((request.url ?? '').split('?')[1]);
    return await chosen.handle({ params, query, json: () => parse(text) });
  } catch (error) {
    const { status, message } = asApiError(error);
    if (!(error instanceof ApiError)) log.warn('Error did not include status code', { error: message });
    return plain(status, `${toJson({ error: message, status })}\n`);
  }
}

/** A proxy of HTTP is asked with the whole address. */
function pathOf(request: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent((request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '').split('?')[0] ?? '/');
  } catch {
    return undefined;
  }
}

/** `//proxies` and `/x/../proxies` are redirected to their plain form. */
function cleaned(path: string): string {
  return posix.normalize(path.startsWith('/') ? path : `/${path}`);
}

/** Far more than any sensible list of proxies. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ApiError(413, `expected a body of at most ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Json {
  try {
    return parseFirst(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw badBody(error.message);
    throw error;
  }
}

let requests = 0;

/** Twenty digits to the base of 32, as the original's are. */
function requestId(): string {
  requests += 1;
  return `${Date.now().toString(32).padStart(10, '0')}${requests.toString(32).padStart(10, '0')}`;
}
