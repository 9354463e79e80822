import type { Topology } from '../../chaos/topology.ts';

/** The harness of a run as faults see it: its control server, and the process ids of its agents in their order. */
export interface HarnessParts {
  control: string;
  agentPids: readonly number[];
}

/** A target's topology with the harness beside it, so that faults can be aimed at the harness itself. */
export function withHarness(topology: Topology, { control, agentPids }: HarnessParts): Topology {
  const agents = agentPids.map((pid, index) => ({ name: `agent-${index}`, role: 'agent', by: { pid } }));
  return { ...topology, nodes: [...topology.nodes, ...agents], harness: { control } };
}

/** Before there is a run: enough to look names up in. */
export function withPaperHarness(topology: Topology, agents: number): Topology {
  const agentPids = Array.from({ length: agents }, () => process.pid);
  return withHarness(topology, { control: 'http://127.0.0.1', agentPids });
}
