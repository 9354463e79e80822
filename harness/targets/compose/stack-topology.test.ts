import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { COMPOSE_LINKS, COMPOSE_NODES, COMPOSE_SHARDS, type Profile } from '../../../target-app/compose/layout.ts';
import { packageRoot } from '../../places.ts';
import { COMPOSE_FILE, fullVariables, prometheusConfig } from './project-files.ts';
import { stackTopology } from './stack-topology.ts';

const services = z
  .object({ services: z.record(z.string(), z.object({ command: z.array(z.string()).default([]) })) })
  .parse(parse(readFileSync(COMPOSE_FILE, 'utf8'), { merge: true, maxAliasCount: -1 })).services;

const targetsSchema = z.array(
  z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()).optional() }),
);
const prometheusSchema = z.object({ scrape_configs: z.array(z.object({ static_configs: targetsSchema.optional() })) });

const ports = {
  byVariable: new Map(COMPOSE_NODES.flatMap((node) => node.ports.map(({ variable, usual }) => [variable, usual]))),
  firstLink: 22_000,
  observe: 0,
};
const topologyOf = (profiles: Profile[]) => stackTopology({ profiles, ports, containerOf: (service) => service });

/** The nodes that a role knows as shards, by its command line: an address is a node, or its link's near end. */
function shardsOf(role: string, variables: Readonly<Record<string, string>>): string[] {
  const command = services[role]?.command.find((word) => word.startsWith('--shards=')) ?? '';
  const told = command.replace(/\$\{(\w+):-\}/g, (_, name: string) => variables[name] ?? '');
  return [...told.matchAll(/@([\w-]+):(\d+)\//g)]
    .map(([, host = '', port]) => COMPOSE_LINKS.find((link) => String(link.port) === port)?.to ?? host)
    .sort();
}

describe.each<[string, Profile[], Record<string, string>]>([
  ['the small stack', [], {}],
  ['the stack of the profile full', ['full'], fullVariables()],
])('in %s', (_, profiles, variables) => {
  const { stores, nodes } = topologyOf(profiles);
  const read = stores.filter(({ holds }) => holds.includes('orders'));
  const names = read.map(({ name }) => name).sort();

  it('every shard that takes orders is one that is read afterwards, and no other is', () => {
    expect(names).toEqual(
      nodes
        .filter(({ role }) => role === 'shard')
        .map(({ name }) => name)
        .sort(),
    );
    expect(names).toHaveLength(profiles.length === 0 ? 2 : 4);
    for (const role of ['orders', 'relay', 'seed']) expect(shardsOf(role, variables), role).toEqual(names);
  });

  it('Prometheus scrapes each of them, of a page that the exporter has', () => {
    const folder = variables.PROMETHEUS_MORE_SHARDS ?? './dashboards/prometheus/more-shards/small';
    const more = parse(readFileSync(join(packageRoot, folder, 'postgres.yml'), 'utf8'));
    const { scrape_configs: jobs } = prometheusSchema.parse(parse(prometheusConfig(0)));
    const targets = jobs.flatMap(({ static_configs: some = [] }) => some).concat(targetsSchema.parse(more));
    const pages = targets.flatMap(({ labels = {} }) => labels.__metrics_path__ ?? []);
    expect(pages.filter((page) => page.includes('shard')).sort()).toEqual(names.map((name) => `/metrics/${name}`));
    const told = `${services.exporter?.command.join(' ')}${variables.EXPORTER_MORE_SHARDS ?? ''}`;
    for (const name of names) expect(told).toContain(`,${name}=postgres://postgres@${name}/postgres`);
  });

  it('each is read at a port of its own, which is that of its container', () => {
    for (const { name, dsn } of read) {
      const variable = `${name.toUpperCase().replaceAll('-', '_')}_PORT`;
      expect(new URL(dsn).port).toBe(String(ports.byVariable.get(variable)));
    }
    expect(new Set(read.map(({ dsn }) => dsn)).size).toBe(read.length);
  });
});

it('a shard that the orders service was not told of would be missed', () => {
  const { ORDERS_MORE_SHARDS = '', ...others } = fullVariables();
  const short = { ...others, ORDERS_MORE_SHARDS: ORDERS_MORE_SHARDS.replace(/,us-1=.*$/, '') };
  const all = COMPOSE_SHARDS.map(({ node }) => node).sort();
  expect(shardsOf('orders', short)).toEqual(all.filter((node) => node !== 'shard-us-1'));
});
