import { z } from 'zod';
import type { Reach } from '../exchange.ts';
import type { Baseline, FaultTarget, Resolved } from '../fault.ts';
import type { Counter } from '../metrics-page.ts';
import { roundTrip } from '../probe.ts';
import { resolvedTo } from '../resolved-to.ts';
import { selectLinks } from '../select-links.ts';
import { suggestion } from '../suggestion.ts';
import type { Topology, TopologyLink } from '../topology.ts';
import { bytesCarried, type ProxyState, proxyState } from '../toxiproxy-client.ts';

export const linkField = z
  .string()
  .min(1)
  .describe('the link: orders->shard-eu-0, or several: *->shard-eu-0, from=orders, to=, protocol=');

/** What all faults on links share: finding the link, measuring it, and telling a used link from an idle one. */
export interface LinkTarget extends FaultTarget {
  api: string;
  proxy: string;
  protocol: TopologyLink['protocol'];
  to: string;
  /** Where its near end is found from here, when that is not where the proxy says it listens. */
  reach: string | undefined;
  traffic: Counter | undefined;
  /** All PostgreSQL servers that the topology says how to log in to; which of them is at the far end the proxy tells. */
  logins: { name: string; dsn: string }[];
}

/** `part` is what of the link the fault takes, where that is not all of it: `latency`. */
export function resolveLink(selector: string, topology: Topology, part?: string): Resolved<LinkTarget> {
  const selected = selectLinks(selector, topology);
  if (!selected.ok) return selected;
  const targets = selected.links.map((link) => linkTarget(link, topology, part));
  return resolvedTo(targets, `nothing is '${selector}'`);
}

/** All links to a node, for faults that cut it off from everybody. */
export function resolveLinksTo(node: string, topology: Topology, part?: string): Resolved<LinkTarget> {
  const targets = topology.links.filter((link) => link.to === node).map((link) => linkTarget(link, topology, part));
  const names = [...new Set(topology.links.map((link) => link.to))];
  return resolvedTo(targets, `no link leads to '${node}'. ${suggestion(node, names)}`);
}

function linkTarget(
  { name, to, protocol, toxiproxy, traffic }: TopologyLink,
  { stores }: Topology,
  part?: string,
): LinkTarget {
  return {
    name,
    takes: part === undefined ? `link:${name}` : `link:${name}/${part}`,
    to,
    protocol,
    api: toxiproxy.api,
    proxy: toxiproxy.proxy,
    reach: toxiproxy.reach,
    traffic,
    logins: stores.filter((store) => store.kind === 'postgres').map((store) => ({ name: store.name, dsn: store.dsn })),
  };
}

/** How to speak over a link, and where its proxy is asked. */
export type LinkReach = Reach & Pick<LinkTarget, 'api' | 'proxy'>;

/** As the proxy has it now; undefined when there is no such proxy. */
export async function reachOf(target: LinkTarget, signal: AbortSignal): Promise<LinkReach | undefined> {
  const state = await linkState(target, signal);
  if (state === undefined) return undefined;
  const login =
    target.logins.find(({ dsn }) => new URL(dsn).host === state.upstream) ??
    target.logins.find(({ name }) => name === target.to);
  const { api, proxy, protocol } = target;
  return { address: state.listen, protocol, dsn: login?.dsn, api, proxy };
}

/** A link that does not answer has no round-trip time. */
export async function measureLink(target: LinkTarget, signal: AbortSignal): Promise<Baseline> {
  const state = await linkState(target, signal);
  const bytesBefore = await bytesCarried(target.api, target.proxy, signal);
  const roundTripMs = state?.enabled ? await leastRoundTrip(state.listen, target.protocol, signal) : undefined;
  const bytesAfter = await bytesCarried(target.api, target.proxy, signal);
  return {
    ...(roundTripMs === undefined ? {} : { roundTripMs }),
    ...(bytesBefore === undefined ? {} : { bytesBefore }),
    ...(bytesAfter === undefined ? {} : { bytesAfter }),
  };
}

/** Of three: what held up the machine for a moment is not the link's. Undefined when the first gets no answer. */
async function leastRoundTrip(
  address: string,
  protocol: TopologyLink['protocol'],
  signal: AbortSignal,
): Promise<number | undefined> {
  let least = await roundTrip(address, protocol, signal).catch(() => undefined);
  for (let more = 0; least !== undefined && more < 2; more += 1) {
    const again = await roundTrip(address, protocol, signal).catch(() => undefined);
    if (again !== undefined) least = Math.min(least, again);
  }
  return least;
}

/** The link's proxy, listening where it is reached from here. */
export async function linkState(
  { api, proxy, reach }: LinkTarget,
  signal: AbortSignal,
): Promise<ProxyState | undefined> {
  const state = await proxyState(api, proxy, signal);
  return state && reach !== undefined ? { ...state, listen: reach } : state;
}
