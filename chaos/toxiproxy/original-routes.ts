import { type Answer, json, noContent } from './answer.ts';
import { type Json, toJson } from './go-json.ts';
import type { Extras, Proxies } from './proxies.ts';
import { type Route, route } from './route.ts';
import { toxicJson } from './toxic.ts';
import { VERSION } from './version.ts';

interface OriginalOptions {
  proxies: Proxies;
  /** Served at /metrics when given. */
  metricsPage: (() => Promise<string>) | undefined;
}

/** The routes of the original. */
export function originalRoutes({ proxies, metricsPage }: OriginalOptions): Route[] {
  const routes: Route[] = [
    route('POST', '/reset', async () => {
      await proxies.reset();
      return noContent();
    }),
    route('GET', '/proxies', () => json(200, proxies.toJson())),
    route('POST', '/proxies', async ({ json: body, query }) =>
      json(201, (await proxies.create(body(), extras(query))).toJson()),
    ),
    route('POST', '/populate', async ({ json: body, query }) => populate(proxies, body, query)),
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
      proxies.get(proxy).removeToxic(toxic, 'api');
      return noContent();
    }),
    route('GET', '/version', () => ({
      status: 200,
      headers: { 'Content-Type': 'application/json;charset=utf-8' },
      body: `{"version": "${VERSION}"}\n`,
    })),
  ];
  if (metricsPage) {
    routes.push(
      route('any', '/metrics', async () => ({
        status: 200,
        headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' },
        body: await metricsPage(),
      })),
    );
  }
  return routes;
}

async function populate(proxies: Proxies, body: () => Json, query: URLSearchParams): Promise<Answer> {
  const { proxies: done, error } = await proxies.populate(body, extras(query));
  const list = done.length === 0 ? 'null' : `[${done.map((proxy) => proxy.toJson()).join(',')}]`;
  if (!error) return json(201, `{"proxies":${list}}`);
  const head = toJson({ error: error.message, status: error.status });
  return json(error.status, `${head.slice(0, -1)},"proxies":${list}}`);
}

/** The original does not look at queries: one that asks for more than it does can only be meant for us. */
function extras(query: URLSearchParams): Extras {
  return { applyToxics: query.get('toxics') === 'apply' };
}
