import type { IncomingMessage, ServerResponse } from 'node:http';
import { posix } from 'node:path';
import { ApiError, badBody } from './api-error.ts';
import { type Json, parseFirst, toJson } from './go-json.ts';
import type { Metrics } from './metrics.ts';
import { asApiError, type Proxies } from './proxies.ts';
import { toxicJson } from './toxic.ts';
import { VERSION } from './version.ts';

export interface ApiOptions {
  proxies: Proxies;
  /** Served at /metrics when given. */
  metrics: Metrics | undefined;
}

/** Toxiproxy's HTTP API: statuses, header fields, key order and error texts are those of version 2.12.0. */
export function api(options: ApiOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const routes = table(options);
  return (request, response) => {
    void answer(routes, request).then(({ status, headers, body }) => {
      const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
      response.writeHead(status, { ...headers, ...length }).end(body);
    });
  };
}

interface Route {
  methods: readonly string[] | 'any';
  /** Segments; one that starts with ':' matches any. */
  path: readonly string[];
  handle(request: { params: string[]; json(): Json }): Answer | Promise<Answer>;
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

function table({ proxies, metrics }: ApiOptions): Route[] {
  const routes: Route[] = [
    route('POST', '/reset', async () => {
      await proxies.reset();
      return noContent();
    }),
    route('GET', '/proxies', () => json(200, proxies.toJson())),
    route('POST', '/proxies', async ({ json: body }) => json(201, (await proxies.create(body())).toJson())),
    route('POST', '/populate', async ({ json: body }) => populate(proxies, body)),
    route('GET', '/proxies/:proxy', ({ params: [proxy = ''] }) => json(200, proxies.get(proxy).toJson())),
    route('POST PATCH', '/proxies/:proxy', async ({ params: [proxy = ''], json: body }) => {
      proxies.get(proxy);
      return json(200, (await proxies.update(proxy, body())).toJson());
    }),
    route('DELETE', '/proxies/:proxy', async ({ params: [proxy = ''] }) => {
      await proxies.remove(proxy);
      return noContent();
    }),
    route('GET', '/proxies/:proxy/toxics', ({ params: [proxy = ''] }) => json(200, proxies.get(proxy).toxicsJson())),
    route('POST', '/proxies/:proxy/toxics', ({ params: [proxy = ''], json: body }) =>
      json(200, toxicJson(proxies.get(proxy).addToxic(body()))),
    ),
    route('GET', '/proxies/:proxy/toxics/:toxic', ({ params: [proxy = '', toxic = ''] }) =>
      json(200, toxicJson(proxies.get(proxy).toxic(toxic))),
    ),
    route('POST PATCH', '/proxies/:proxy/toxics/:toxic', ({ params: [proxy = '', toxic = ''], json: body }) => {
      const owner = proxies.get(proxy);
      owner.toxic(toxic);
      return json(200, toxicJson(owner.updateToxic(toxic, body())));
    }),
    route('DELETE', '/proxies/:proxy/toxics/:toxic', ({ params: [proxy = '', toxic = ''] }) => {
      proxies.get(proxy).removeToxic(toxic);
      return noContent();
    }),
    route('GET', '/version', () => ({
      status: 200,
      headers: { 'Content-Type': 'application/json;charset=utf-8' },
      body: `{"version": "${VERSION}"}\n`,
    })),
  ];
  if (metrics) {
    routes.push(
      route('any', '/metrics', () => ({
        status: 200,
        headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' },
        body: metrics.text(proxies.all().map((proxy) => proxy.gauges)),
      })),
    );
  }
  return routes;
}

async function answer(routes: readonly Route[], request: IncomingMessage): Promise<Answer> {
  const path = pathOf(request);
  if (path === undefined) return plain(400, 'Bad Request');
  const clean = cleaned(path);
  if (clean !== path) return { status: 301, headers: { Location: encodeURI(clean) }, body: '' };

  const segments = path.split('/').slice(1);
  const matching = routes.filter((candidate) => matches(candidate, segments));
  if (matching.length === 0) return plain(404, '404 page not found\n');
  const chosen = matching.find(({ methods }) => methods === 'any' || methods.includes(request.method ?? ''));
  if (!chosen) return { status: 405, headers: {}, body: '' };

  const handled = await handle(chosen, segments, request);
  return { ...handled, headers: { ...handled.headers, 'X-Toxiproxy-Request-Id': requestId() } };
}

async function handle(chosen: Route, segments: string[], request: IncomingMessage): Promise<Answer> {
  // A page in a browser must not be able to cut the links of whoever opens it.
  if (request.headers['user-agent']?.startsWith('Mozilla/')) return plain(403, 'User agent not allowed\n');
  try {
    const text = await textOf(request);
    const params = segments.filter((_, at) => chosen.path[at]?.startsWith(':'));
    return await chosen.handle({ params, json: () => parse(text) });
  } catch (error) {
    const { status, message } = asApiError(error);
    return plain(status, `${toJson({ error: message, status })}\n`);
  }
}

async function populate(proxies: Proxies, body: () => Json): Promise<Answer> {
  const { proxies: done, error } = await proxies.populate(body);
  const list = done.length === 0 ? 'null' : `[${done.map((proxy) => proxy.toJson()).join(',')}]`;
  if (!error) return json(201, `{"proxies":${list}}`);
  const head = toJson({ error: error.message, status: error.status });
  return json(error.status, `${head.slice(0, -1)},"proxies":${list}}`);
}

function route(methods: string, path: string, handler: Route['handle']): Route {
  return { methods: methods === 'any' ? 'any' : methods.split(' '), path: path.split('/').slice(1), handle: handler };
}

function matches({ path }: Route, segments: string[]): boolean {
  return (
    path.length === segments.length &&
    path.every((expected, at) => (expected.startsWith(':') ? segments[at] !== '' : expected === segments[at]))
  );
}

function json(status: number, body: string): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body };
}

/** Errors say text/plain though most are JSON: the original sets one type and then overwrites it. */
function plain(status: number, body: string): Answer {
  return {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
    body,
  };
}

function noContent(): Answer {
  return { status: 204, headers: {}, body: '' };
}

function pathOf(request: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/');
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

function requestId(): string {
  requests += 1;
  return `${Date.now().toString(32)}${requests.toString(32).padStart(6, '0')}`;
}
