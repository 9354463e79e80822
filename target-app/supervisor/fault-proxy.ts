import { z } from 'zod';

/** What the fault proxy is asked for: traffic that comes to `listen` goes on to `upstream`. */
export interface ProxyRoute {
  name: string;
  listen: string;
  upstream: string;
}

const populatedSchema = z.object({ proxies: z.array(z.object({ name: z.string(), enabled: z.boolean() })) });

/** The command with its port pinned and tied to our life, so that a restarted proxy is where everybody looks for it. */
export function faultProxyArgs(args: readonly string[], port: number): string[] {
  const pinned = [...args];
  const at = pinned.findIndex((arg) => arg === '-port' || arg === '--port');
  if (at === -1) pinned.push('-port', String(port));
  else pinned[at + 1] = String(port);
  return pinned.includes('--tether') ? pinned : [...pinned, '--tether'];
}

/** Makes the proxies, or leaves those alone that are there already. @throws when one is missing afterwards */
export async function populate(api: string, routes: readonly ProxyRoute[]): Promise<void> {
  const response = await fetch(`${api}/populate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(routes.map((route) => ({ ...route, enabled: true }))),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`/populate answered ${response.status} ${text.slice(0, 200)}`);
  const made = new Set(populatedSchema.parse(JSON.parse(text)).proxies.map((proxy) => proxy.name));
  const missing = routes.filter((route) => !made.has(route.name));
  if (missing.length > 0) throw new Error(`/populate made no proxy ${missing.map((route) => route.name).join(', ')}`);
}
