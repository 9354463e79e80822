import { readFileSync } from 'node:fs';
import { type Topology, topologySchema } from '../../chaos/topology.ts';
import { EXIT, StampedeError } from '../errors.ts';

/** A system under test that is up. */
export interface Target {
  entry: string;
  /** Resolves with the reason when the target ends by itself. */
  gone: Promise<string>;
  /** As it is now: process ids change when nodes are restarted. */
  topology(): Topology;
  /** True when this harness started it, and stops it. */
  ours: boolean;
  stop(): Promise<void>;
  /** A Prometheus that scrapes the target by itself, and where a run must serve what it knows for it to be found. */
  prometheus?: string;
  observe?: { host: string; port: number };
}

export function readTopology(path: string): Topology {
  const parsed = topologySchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new StampedeError('target/topology', `${path} is not a topology.`, {
    exitCode: EXIT.usage,
    problems: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  });
}
