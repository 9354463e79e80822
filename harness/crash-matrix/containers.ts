import { openEngine } from '../../chaos/docker/docker-client.ts';
import type { ContainerLimits } from '../../chaos/docker/engine-answers.ts';
import { limitsDiffer } from '../../chaos/docker/limits.ts';
import { fakeTopology } from '../../chaos/docker/testing-aim.ts';
import { PREFIX, type RealEngine } from '../../chaos/docker/testing-real-engine.ts';
import { CONTAINERS } from './cases.ts';
import type { Site } from './crash.ts';

/** Containers for faults to be tried on, all in one network of their own. The engine's `tidy` removes them. */
export async function startContainers(engine: RealEngine): Promise<Site> {
  const network = `${PREFIX}-${process.pid}-net`;
  engine.docker('network', 'create', network);
  const names: Record<string, string> = {};
  for (const [name, { options, command }] of Object.entries(CONTAINERS)) {
    names[name] = engine.run(['--network', network, '--network-alias', name, ...options], ['sh', '-c', command]);
  }
  const client = openEngine(engine.address);
  const made = new Map<string, Settings>();
  const settingsOf = async (container: string): Promise<Settings> => {
    const { limits, networks } = await client.inspect(container, AbortSignal.timeout(5_000));
    return {
      limits,
      aliases: Object.values(networks)
        .flatMap(({ aliases }) => aliases)
        .sort()
        .join(', '),
    };
  };
  for (const [name, container] of Object.entries(names)) made.set(name, await settingsOf(container));
  const topology = fakeTopology(engine, names);
  return {
    topology: () => topology,
    around(fault) {
      const words = new Set(fault.split(/[ =]/));
      return { ...topology, nodes: topology.nodes.filter(({ name }) => words.has(name)) };
    },
    /** Limits, and names in the network: a scan for residue does not know how they were. */
    async changed() {
      const lines: string[] = [];
      for (const [name, before] of made) {
        const { limits, aliases } = await settingsOf(names[name] ?? '');
        lines.push(...limitsDiffer(before.limits, limits).map((what) => `${name} has ${what}`));
        if (aliases !== before.aliases) lines.push(`${name} is known as ${aliases}, was as ${before.aliases}`);
      }
      return lines;
    },
  };
}

interface Settings {
  limits: ContainerLimits;
  aliases: string;
}
