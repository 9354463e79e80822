import { suggestion } from './suggestion.ts';
import type { Topology, TopologyLink } from './topology.ts';

export type SelectedLinks = { ok: true; links: TopologyLink[] } | { ok: false; problem: string };

/**
 * Links by a name, in which `*` stands for anything: `orders->shard-eu-0`, `orders->*`, `*->shard-eu-0`; or by what they are:
 * `from=orders`, `to=shard-*`, `protocol=postgres`; a comma between two means both. Nothing found is a problem, told with the
 * nearest name.
 */
export function selectLinks(selector: string, topology: Topology): SelectedLinks {
  const parts = selector.split(',').map((part) => part.trim());
  const links = topology.links.filter((link) => parts.every((part) => matches(link, part)));
  if (links.length > 0) return { ok: true, links };
  for (const part of parts) {
    const { key, value } = split(part);
    if (!KEYS.includes(key)) return { ok: false, problem: `'${part}': no such key '${key}'. ${suggestion(key, KEYS)}` };
    const values = [...new Set(topology.links.map((link) => partOf(link, key)))];
    if (values.some((candidate) => like(candidate, value))) continue;
    const what = key === 'name' ? `no such link '${value}'` : `no link has ${key} '${value}'`;
    return { ok: false, problem: `${what}. ${suggestion(value, values)}` };
  }
  return { ok: false, problem: `no link is all of '${selector}'` };
}

const KEYS = ['name', 'from', 'to', 'protocol'];

function matches(link: TopologyLink, part: string): boolean {
  const { key, value } = split(part);
  return like(partOf(link, key), value);
}

/** `a->b` has no key; `=` may stand in the value. */
function split(part: string): { key: string; value: string } {
  const equals = part.indexOf('=');
  return equals < 0 ? { key: 'name', value: part } : { key: part.slice(0, equals), value: part.slice(equals + 1) };
}

function partOf({ name, from, to, protocol }: TopologyLink, key: string): string {
  switch (key) {
    case 'name':
      return name;
    case 'from':
      return from;
    case 'to':
      return to;
    case 'protocol':
      return protocol;
    default:
      return '';
  }
}

/** `*` stands for anything. */
export function like(candidate: string, pattern: string): boolean {
  if (!pattern.includes('*')) return candidate === pattern;
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(candidate);
}
