import { z } from 'zod';
import { allProxies } from '../../../chaos/toxiproxy-client.ts';

const routesSchema = z.array(z.object({ name: z.string(), listen: z.string(), upstream: z.string() }));

export type Route = z.infer<typeof routesSchema>[number];

export function readRoutes(json: string): Route[] {
  return routesSchema.parse(JSON.parse(json));
}

/**
 * Makes the proxies that are not there. Toxiproxy reads them from its own file at its start, but one that it cannot read
 * is only logged. Those that are there stay as they are: telling it all of them again replaces every proxy whose address
 * it spells differently (`0.0.0.0:1` for `[::]:1`), and with it the toxics of somebody's experiment.
 */
export async function ensureProxies(api: string, routes: readonly Route[], signal: AbortSignal): Promise<void> {
  const there = new Map((await allProxies(api, signal)).map((proxy) => [proxy.name, proxy]));
  const missing = routes.filter(({ name, upstream }) => there.get(name)?.upstream !== upstream);
  if (missing.length === 0) return;
  const response = await fetch(`${api}/populate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(missing),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`/populate answered ${response.status} ${text.slice(0, 200)}`);
}
