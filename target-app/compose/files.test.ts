import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { linkName } from '../supervisor/links.ts';
import { composeFiles } from './files.ts';
import { COMPOSE_LINKS, COMPOSE_NODES, COMPOSE_SHARDS } from './layout.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');

const listOrMap = z.union([z.array(z.string()), z.record(z.string(), z.string())]);
const serviceSchema = z.object({
  image: z.string(),
  command: z.array(z.string()).default([]),
  entrypoint: z.array(z.string()).default([]),
  restart: z.string(),
  mem_limit: z.string(),
  labels: listOrMap,
  networks: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({ interval: z.string().optional(), disable: z.boolean().optional() }).optional(),
});
const stack = z
  .object({
    services: z.record(z.string(), serviceSchema),
    networks: z.record(z.string(), z.object({ labels: listOrMap })),
    volumes: z.record(z.string(), z.object({ labels: listOrMap })),
  })
  .parse(parse(text, { merge: true, maxAliasCount: -1 }));
const services = Object.entries(stack.services);

describe('what docker-compose.yml mounts', () => {
  it.each(Object.entries(composeFiles()))('%s is as the layout makes it', (path, wanted) => {
    const found = readFileSync(join(import.meta.dirname, path), 'utf8');
    expect(found, 'make it anew: node target-app/compose/write-files.ts').toBe(wanted);
  });

  it('is there', () => {
    const mounted = services.flatMap(([, { volumes }]) =>
      volumes.flatMap((volume) => /^(\.\/[^:]+):/.exec(volume)?.[1] ?? []),
    );
    expect(mounted.length).toBeGreaterThan(10);
    expect(mounted.filter((path) => globSync(path, { cwd: ROOT }).length === 0)).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  it('has a service for each node of the layout, in the size it belongs to', () => {
    for (const { name, profile } of COMPOSE_NODES) {
      expect(stack.services[name]?.profiles, name).toEqual(profile === undefined ? [] : [profile]);
    }
  });

  it('publishes what the layout says, on 127.0.0.1 alone', () => {
    const all = services.flatMap(([, { ports }]) => ports);
    expect(all.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    for (const { name, ports } of COMPOSE_NODES) {
      for (const { variable, usual, inside } of ports)
        expect(stack.services[name]?.ports, name).toContain(`127.0.0.1:\${${variable}:-${usual}}:${inside}`);
    }
    const links = COMPOSE_LINKS.map(({ port }) => port);
    const range = `${links[0]}-${links.at(-1)}`;
    expect(stack.services['fault-proxy']?.ports).toContain(`127.0.0.1:\${LINK_PORTS:-${range}}:${range}`);
  });

  it('sends every dependency through the fault proxy, over the link that has its name', () => {
    // What a service is told of the fault proxy: on its command line, or in a file of its own.
    const files = composeFiles();
    const full = readFileSync(join(import.meta.dirname, 'full.env'), 'utf8');
    const told = (name: string): string => {
      const service = stack.services[name];
      const config = name === 'lb' ? files['haproxy/haproxy.cfg'] : files[`varnish/${name}.vcl`];
      const more = full.split('\n').filter((line) => line.startsWith(`${name.toUpperCase()}_MORE_SHARDS`));
      return [...(service?.command ?? []), ...(service?.entrypoint ?? []), config ?? '', ...more].join(' ');
    };
    for (const link of COMPOSE_LINKS) {
      expect(told(link.from), `${linkName(link)} is not used`).toMatch(new RegExp(`\\b${link.port}\\b`));
    }
    const others = COMPOSE_NODES.map(({ name }) => name).filter(
      (name) => !['fault-proxy', 'exporter', 'prometheus', 'alertmanager', 'grafana'].includes(name),
    );
    for (const name of others) {
      const direct = others.filter((other) => new RegExp(`(//|@|=)${other}:\\d`).test(told(name)));
      expect(direct, `${name} goes straight to`).toEqual([]);
    }
  });

  it('shares no network between two tiers but through the fault proxy and those who watch', () => {
    const watching = ['fault-proxy', 'prometheus', 'exporter', 'seed', 'grafana', 'agents'];
    const inTwo = services.filter(([name, { networks }]) => networks.length !== 1 && !watching.includes(name));
    expect(inTwo.map(([name]) => name)).toEqual([]);
    for (const { node, standby, region } of COMPOSE_SHARDS) {
      expect(stack.services[node]?.networks).toEqual([region]);
      expect(stack.services[standby]?.networks).toEqual([region]);
    }
  });

  it('pins every image, and lets each be replaced', () => {
    for (const [name, { image }] of services) expect(image, name).toMatch(/^\$\{[A-Z]+_IMAGE:-[\w./-]+:[\w.-]+\}$/);
    expect(services.filter(([, { image }]) => image.includes(':latest'))).toEqual([]);
  });

  it('restarts nothing by itself, limits the memory of all, labels everything, and checks health slowly', () => {
    for (const [name, { restart, mem_limit: limit, labels, healthcheck }] of services) {
      expect([name, restart]).toEqual([name, 'no']);
      expect(limit, name).toMatch(/^\d+m$/);
      expect(labels, name).toHaveProperty(['stampede.stack']);
      const interval = healthcheck?.interval;
      if (interval !== undefined) expect(Number(interval.replace('s', '')), name).toBeGreaterThanOrEqual(5);
    }
    for (const part of [...Object.values(stack.networks), ...Object.values(stack.volumes)])
      expect(part.labels).toHaveProperty(['stampede.stack']);
  });

  it('is understood by docker-compose 1.29 as well: no top-level name, no include, no start_interval', () => {
    expect(text).not.toMatch(/^(name|include|version):|start_interval|^\s+develop:/m);
  });
});
