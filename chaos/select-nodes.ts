import { like } from './select-links.ts';
import { suggestion } from './suggestion.ts';
import type { Topology, TopologyNode } from './topology.ts';

export type Selected = { ok: true; nodes: TopologyNode[] } | { ok: false; problem: string };

/**
 * Nodes by a name (`gateway-1`, `gateway-*`) or by what they are: `role=gateway`, `region=eu`, `container=shop_orders_1`,
 * `service=orders`, `label=tier=web`; a comma between two means both. Nothing found is a problem, told with the nearest name.
 */
export function selectNodes(selector: string, topology: Topology): Selected {
  const wanted = selector.split(',').map((part) => part.trim());
  const nodes = topology.nodes.filter((node) => wanted.every((part) => matches(node, part)));
  if (nodes.length > 0) return { ok: true, nodes };
  const [lone] = wanted;
  if (wanted.length === 1 && lone !== undefined && !lone.includes('=')) {
    const names = topology.nodes.map((node) => node.name);
    return { ok: false, problem: `no such node '${selector}'. ${suggestion(selector, names)}` };
  }
  const failing = wanted.find((part) => !topology.nodes.some((node) => matches(node, part)));
  if (failing === undefined) return { ok: false, problem: `no node is all of '${selector}'` };
  const { key, value } = split(failing);
  const keys = ['name', 'role', 'region', 'container', 'service', 'label'];
  if (!keys.includes(key))
    return { ok: false, problem: `'${failing}': no such key '${key}'. ${suggestion(key, keys)}` };
  const values = [...new Set(topology.nodes.flatMap((node) => valuesOf(node, key)))];
  return { ok: false, problem: `no node has ${key} '${value}'. ${suggestion(value, values)}` };
}

function matches(node: TopologyNode, part: string): boolean {
  const { key, value } = split(part);
  return valuesOf(node, key).some((candidate) => like(candidate, value));
}

function split(part: string): { key: string; value: string } {
  const equals = part.indexOf('=');
  return equals < 0 ? { key: 'name', value: part } : { key: part.slice(0, equals), value: part.slice(equals + 1) };
}

function valuesOf({ name, role, region, by }: TopologyNode, key: string): string[] {
  const container = 'container' in by ? by : undefined;
  switch (key) {
    case 'name':
      return [name];
    case 'role':
      return [role];
    case 'region':
      return region === undefined ? [] : [region];
    case 'container':
      return container ? [container.container] : [];
    case 'service':
      return container?.service === undefined ? [] : [container.service];
    case 'label':
      return Object.entries(container?.labels ?? {}).map(([label, value]) => `${label}=${value}`);
    default:
      return [];
  }
}
