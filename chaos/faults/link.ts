import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Baseline, FaultTarget, Resolved } from '../fault.ts';
import { roundTrip } from '../probe.ts';
import { suggestion } from '../suggestion.ts';
import type { Topology, TopologyLink } from '../topology.ts';
import { bytesCarried, type ProxyState, proxyState } from '../toxiproxy-client.ts';
import { type Traffic, usesCounted } from '../traffic.ts';

export { suggestion };

export const linkField = z.string().min(1).describe('the link, as the topology names it: orders->shard-eu-0');

/** What all faults on links share: finding the link, measuring it, and telling a used link from an idle one. */
export interface LinkTarget extends FaultTarget {
  api: string;
  proxy: string;
  protocol: TopologyLink['protocol'];
  /** Where its near end is found from here, when that is not where the proxy says it listens. */
  reach: string | undefined;
  traffic: Traffic | undefined;
}

/** `part` is what of the link the fault takes, where that is not all of it: `latency`. */
export function resolveLink(name: string, topology: Topology, part?: string): Resolved<LinkTarget> {
  const link = topology.links.find((candidate) => candidate.name === name);
  if (link) {
    const takes = part === undefined ? `link:${name}` : `link:${name}/${part}`;
    return {
      ok: true,
      targets: [
        { name, takes, ...link.toxiproxy, reach: link.toxiproxy.reach, protocol: link.protocol, traffic: link.traffic },
      ],
    };
  }
  const names = topology.links.map((candidate) => candidate.name);
  return { ok: false, problem: `no such link '${name}'. ${suggestion(name, names)}` };
}

/** A link that does not answer has no round-trip time. */
export async function measureLink(target: LinkTarget, signal: AbortSignal): Promise<Baseline> {
  const state = await linkState(target, signal);
  const bytesBefore = await carried(target, signal);
  const roundTripMs = state?.enabled
    ? await roundTrip(state.listen, target.protocol, signal).catch(() => undefined)
    : undefined;
  const bytesAfter = await carried(target, signal);
  return {
    ...(roundTripMs === undefined ? {} : { roundTripMs }),
    ...(bytesBefore === undefined ? {} : { bytesBefore }),
    ...(bytesAfter === undefined ? {} : { bytesAfter }),
  };
}

/**
 * Waits until somebody other than us sends bytes over the link, and returns how many. A fault on a link that nobody
 * uses proves nothing about the system, however well it works. Returns 0 when the signal aborts first.
 */
export async function trafficSeen(target: LinkTarget, signal: AbortSignal): Promise<number> {
  const from = await carried(target, signal);
  if (from === undefined) return 0;
  while (!signal.aborted) {
    await sleep(100);
    const now = await carried(target, signal).catch(() => from);
    if (now !== undefined && now > from) return now - from;
  }
  return 0;
}

/** The link's proxy, listening where it is reached from here. */
export async function linkState(
  { api, proxy, reach }: LinkTarget,
  signal: AbortSignal,
): Promise<ProxyState | undefined> {
  const state = await proxyState(api, proxy, signal);
  return state && reach !== undefined ? { ...state, listen: reach } : state;
}

/** Bytes, and uses where they are counted: of either it matters only that there are more of them. */
async function carried({ api, proxy, traffic }: LinkTarget, signal: AbortSignal): Promise<number | undefined> {
  const bytes = await bytesCarried(api, proxy, signal);
  if (traffic === undefined) return bytes;
  const uses = await usesCounted(traffic, signal).catch(() => undefined);
  return bytes === undefined && uses === undefined ? undefined : (bytes ?? 0) + (uses ?? 0);
}
