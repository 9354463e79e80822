import { json } from './answer.ts';
import { ApiError } from './api-error.ts';
import type { EventLog } from './event-log.ts';
import { ttlField } from './extension-fields.ts';
import { toJson } from './go-json.ts';
import type { Proxies } from './proxies.ts';
import { type Route, route } from './route.ts';
import { toxicJson } from './toxic.ts';

/** What the original answers 404 to. docs/toxiproxy.md describes it. */
export function extensionRoutes({ proxies, events }: { proxies: Proxies; events: EventLog }): Route[] {
  return [
    route('GET', '/extensions', () => json(200, toJson(EXTENSIONS))),
    route('POST', '/proxies/:proxy/lease', ({ params: [name = ''], json: body }) => {
      const proxy = proxies.get(name);
      proxy.leaseDisabled(ttlField(body()));
      return json(200, proxy.toJson());
    }),
    route('POST', '/proxies/:proxy/toxics/:toxic/lease', ({ params: [name = '', toxic = ''], json: body }) => {
      const proxy = proxies.get(name);
      proxy.toxic(toxic);
      return json(200, toxicJson(proxy.leaseToxic(toxic, body())));
    }),
    route('GET', '/events', ({ query }) => ({
      status: 200,
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: events.after(sinceOf(query)),
    })),
  ];
}

/** By name, with a version that goes up when one changes: this is how a client knows what it talks to. */
const EXTENSIONS = { lease: 1, applyToxics: 1, perRequest: 1, events: 1, cutResponse: 1, answer: 1 };

function sinceOf(query: URLSearchParams): number {
  const text = query.get('since') ?? '0';
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ApiError(400, `since: expected the number of an event, got ${text}`);
}
