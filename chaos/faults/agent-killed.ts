import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind, FaultTarget } from '../fault.ts';
import { isAlive, markOf, type ProcessMark } from '../process-mark.ts';
import { proofWithin } from '../proof-within.ts';
import { suggestion } from '../suggestion.ts';

const params = z.strictObject({
  agent: z.string().min(1).describe('the agent: agent-0, agent-1 and so on'),
});

export type AgentKilledParams = z.input<typeof params>;

interface AgentTarget extends FaultTarget {
  process: ProcessMark;
}

/** One of the processes that make the load dies. The harness is to deal its users out, and to judge what is left. */
export const agentKilled: FaultKind<z.output<typeof params>, AgentTarget> = {
  kind: 'agent-killed',
  family: 'harness',
  about: 'An agent, one of the processes that make the load, is ended with SIGKILL.',
  needs: 'a run with agents of its own',
  provenBy: 'the process id gone from the machine',
  undoneBy: 'nothing: its users go to the other agents, and validity.lostLoad says how much loss is too much',
  params,

  resolve({ agent }, topology) {
    const agents = topology.nodes.filter(({ role }) => role === 'agent');
    const found = agents.find(({ name }) => name === agent);
    if (!found || !('pid' in found.by)) {
      const names = agents.map(({ name }) => name);
      return { ok: false, problem: `no such agent '${agent}'. ${suggestion(agent, names)}` };
    }
    return { ok: true, targets: [{ name: agent, takes: `node:${agent}`, process: markOf(found.by.pid) }] };
  },

  settings: () => 'SIGKILL',
  undoOf: () => ({ step: 'nothing', why: 'its users go to the other agents' }),
  baseline: async (target) => (isAlive(target.process) ? { pid: target.process.pid } : {}),

  async apply(_, { name, process: victim }) {
    if (!isAlive(victim)) throw new Error(`${name} (pid ${victim.pid}) is gone already`);
    process.kill(victim.pid, 'SIGKILL');
  },

  lasts: () => false,

  async prove(_, { name, process: victim }, { applied }, signal) {
    return proofWithin(
      signal,
      () => `${name} (pid ${victim.pid}) still runs`,
      async () => {
        if (applied.pid === undefined) return { proven: false, evidence: `${name} was gone before` };
        while (isAlive(victim) && !signal.aborted) await sleep(20);
        return isAlive(victim) ? undefined : { proven: true, evidence: `${name} (pid ${victim.pid}) is gone` };
      },
    );
  },
};
