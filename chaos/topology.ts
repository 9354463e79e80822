import { z } from 'zod';

/**
 * What a target tells the rest of us about itself: where users enter, what can be killed, which links run
 * through a fault proxy, what to scrape and which stores an oracle may read. The reference target writes one;
 * a system of your own can have one written by hand.
 */

const protocol = z.enum(['http', 'postgres', 'redis', 'amqp']);

const nodeSchema = z.strictObject({
  name: z.string().min(1),
  role: z.string().min(1),
  region: z.string().optional(),
  by: z.union([
    /** `control` is the supervisor that owns the process: GET, PUT and DELETE {control}/nodes/{name}/hold. */
    z.strictObject({ pid: z.int().positive(), control: z.url().optional() }),
    /**
     * `container` is its name or id. `engine` is where its Docker engine answers (`unix:///var/run/docker.sock`), where that
     * is not the usual one. `service` and `labels` are what it may be chosen by.
     */
    z.strictObject({
      container: z.string().min(1),
      engine: z.string().min(1).optional(),
      service: z.string().min(1).optional(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  ]),
  /** Where it takes connections, so that one can see whether it answers. */
  listens: z.strictObject({ address: z.string().min(1), protocol }).optional(),
  /** Where it answers /livez over HTTP. */
  ops: z.url().optional(),
  /** Where it can be made to misbehave, for a program that has fault hooks: PUT {hooks}/__faults/{name}. */
  hooks: z.url().optional(),
});

const linkSchema = z.strictObject({
  /** `from->to`, unique. */
  name: z.string().min(1),
  from: z.string().min(1),
  to: z.string().min(1),
  /** How to say hello over this link, so that a round trip through it can be timed. */
  protocol,
  /** `reach`: where its near end is found from here, when that is not where the proxy says it listens. */
  toxiproxy: z.strictObject({ api: z.url(), proxy: z.string().min(1), reach: z.string().min(1).optional() }),
  /** A counter of who uses the link, where the proxy counts a connection only when it ends, as the original Toxiproxy does. */
  traffic: z.strictObject({ page: z.url(), series: z.string().min(1) }).optional(),
});

const scrapeSchema = z.strictObject({
  job: z.string().min(1),
  url: z.url(),
  labels: z.record(z.string(), z.string()),
});

const storeSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(['postgres', 'redis', 'amqp']),
  /** What this store holds, so that an oracle finds all shards: `orders`, `queue`, `catalog`; a standby holds `replica`. */
  holds: z.array(z.string()),
  dsn: z.string().min(1),
});

export const topologySchema = z.strictObject({
  entry: z.url(),
  nodes: z.array(nodeSchema),
  links: z.array(linkSchema),
  scrapes: z.array(scrapeSchema),
  stores: z.array(storeSchema),
  /** The harness of a run, for faults on itself: GET, PUT and DELETE {control}/faults/monitor. Its agents are nodes. */
  harness: z.strictObject({ control: z.url() }).optional(),
});

export type Topology = z.infer<typeof topologySchema>;
export type TopologyNode = z.infer<typeof nodeSchema>;
export type TopologyLink = z.infer<typeof linkSchema>;
export type TopologyStore = z.infer<typeof storeSchema>;
