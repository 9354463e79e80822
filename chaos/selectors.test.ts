import { describe, expect, it } from 'vitest';
import { selectLinks } from './select-links.ts';
import { selectNodes } from './select-nodes.ts';
import type { Topology } from './topology.ts';

const by = { pid: 1, control: 'http://127.0.0.1' };
const link = (from: string, to: string, protocol: 'http' | 'postgres') => {
  const name = `${from}->${to}`;
  return { name, from, to, protocol, toxiproxy: { api: 'http://127.0.0.1', proxy: name } };
};
const topology: Topology = {
  entry: 'http://127.0.0.1',
  nodes: [
    { name: 'gateway-1', role: 'gateway', by },
    { name: 'gateway-2', role: 'gateway', by },
    { name: 'shard-eu-0', role: 'shard', region: 'eu', by },
  ],
  links: [
    link('lb', 'gateway-1', 'http'),
    link('orders', 'shard-eu-0', 'postgres'),
    link('relay', 'shard-eu-0', 'postgres'),
  ],
  scrapes: [],
  stores: [],
};

const nodes = (selector: string) => {
  const selected = selectNodes(selector, topology);
  return selected.ok ? selected.nodes.map(({ name }) => name) : selected.problem;
};
const links = (selector: string) => {
  const selected = selectLinks(selector, topology);
  return selected.ok ? selected.links.map(({ name }) => name) : selected.problem;
};

describe('a selector of nodes', () => {
  it('takes names, stars, roles and regions, and both where there is a comma', () => {
    expect(nodes('gateway-1')).toEqual(['gateway-1']);
    expect(nodes('gateway-*')).toEqual(['gateway-1', 'gateway-2']);
    expect(nodes('role=gateway')).toEqual(['gateway-1', 'gateway-2']);
    expect(nodes('role=shard,region=eu')).toEqual(['shard-eu-0']);
  });

  it('says what is nearest when there is no such thing', () => {
    expect(nodes('gatway-1')).toMatch(/no such node 'gatway-1'. Did you mean gateway-1\?/);
    expect(nodes('role=gatway')).toMatch(/no node has role 'gatway'. Did you mean gateway\?/);
    expect(nodes('roll=gateway')).toMatch(/no such key 'roll'. Did you mean role\?/);
    expect(nodes('role=gateway,region=eu')).toBe("no node is all of 'role=gateway,region=eu'");
  });
});

describe('a selector of links', () => {
  it('takes names, stars on either side, and ends by name', () => {
    expect(links('orders->shard-eu-0')).toEqual(['orders->shard-eu-0']);
    expect(links('*->shard-eu-0')).toEqual(['orders->shard-eu-0', 'relay->shard-eu-0']);
    expect(links('from=relay')).toEqual(['relay->shard-eu-0']);
    expect(links('to=shard-*,protocol=postgres')).toEqual(['orders->shard-eu-0', 'relay->shard-eu-0']);
  });

  it('says what is nearest when there is no such thing', () => {
    expect(links('orders->shard-eu-1')).toMatch(/no such link .* Did you mean orders->shard-eu-0\?/);
    expect(links('form=relay')).toMatch(/no such key 'form'. Did you mean from\?/);
    expect(links('from=lb,protocol=postgres')).toBe("no link is all of 'from=lb,protocol=postgres'");
  });
});
