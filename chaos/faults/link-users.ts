import { setTimeout as sleep } from 'node:timers/promises';
import { counted } from '../metrics-page.ts';
import { tcpTable } from '../tcp-table.ts';
import { proxyState, trafficOf } from '../toxiproxy-client.ts';
import type { LinkTarget } from './link.ts';

/**
 * Waits until somebody other than us is seen to use a link, and says how: `2,100 bytes of others`. A fault on a
 * link that nobody uses proves nothing about the system, however well it works. Undefined when the signal aborts first.
 *
 * Bytes of our own must have been counted before this is called. A server that counts only when a connection ends, as the
 * original does, shows nothing of a pool of connections; so there the connections to the proxy are looked at too, where
 * this machine can see them.
 */
export async function othersSeen(target: LinkTarget, signal: AbortSignal): Promise<string | undefined> {
  const { api, proxy, traffic } = target;
  const usesBefore = traffic === undefined ? undefined : await counted(traffic, signal).catch(() => undefined);
  const first = await trafficOf(api, proxy, signal).catch(() => undefined);
  if (first?.live !== true) await sleep(OWN_BYTES_MS);
  const from = first?.live === true ? first : await trafficOf(api, proxy, signal).catch(() => undefined);
  while (!signal.aborted) {
    await sleep(LOOK_MS);
    const uses = traffic === undefined ? undefined : await counted(traffic, signal).catch(() => undefined);
    if (uses !== undefined && uses > (usesBefore ?? uses)) {
      return `${(uses - (usesBefore ?? 0)).toLocaleString('en-US')} uses by others`;
    }
    const now = await trafficOf(api, proxy, signal).catch(() => undefined);
    const bytes = total(now) - total(from);
    if (now !== undefined && bytes > 0) return `${bytes.toLocaleString('en-US')} bytes of others`;
    if (now?.live === true) continue;
    const listen = (await proxyState(api, proxy, signal).catch(() => undefined))?.listen;
    const open = listen === undefined ? 0 : await connectionsTo(Number(listen.slice(listen.lastIndexOf(':') + 1)));
    if (open > 0) return `${open} connection${open === 1 ? '' : 's'} of others`;
  }
  return undefined;
}

/** How many connections to a port of this machine are established, from the kernel's own list. 0 where it has none. */
async function connectionsTo(port: number): Promise<number> {
  const ends = (await tcpTable(port)) ?? [];
  return ends.filter(({ localPort, established }) => established && localPort === port).length;
}

function total(traffic: { upstreamBytes: number; downstreamBytes: number } | undefined): number {
  return traffic === undefined ? 0 : traffic.upstreamBytes + traffic.downstreamBytes;
}

const LOOK_MS = 50;

/** So long after a connection of ours has ended, its bytes are counted. */
const OWN_BYTES_MS = 250;
