import { z } from 'zod';
import {
  type ContainerTarget,
  containerBaseline,
  containerField,
  markOf,
  now,
  pin,
  pinned,
  resolveContainers,
} from '../docker/container-target.ts';
import { knockAt } from '../docker/door.ts';
import type { ContainerState } from '../docker/engine-answers.ts';
import { untilProven } from '../docker/until-proven.ts';
import type { FaultKind } from '../fault.ts';
import { suggestion } from '../suggestion.ts';

const params = z.strictObject({
  node: containerField,
  network: z.string().min(1).optional().describe('which of its networks, where it has more than one'),
});

export type DisconnectParams = z.input<typeof params>;

/** A container is taken out of a network: its name resolves no more, and nobody reaches it. */
export const disconnect: FaultKind<z.output<typeof params>, ContainerTarget> = {
  kind: 'disconnect',
  family: 'container',
  about: 'A container is taken out of a network: its names resolve no more there, and nobody reaches it.',
  needs: 'a container on an engine, in a network that was made for it (not host, not none)',
  provenBy: 'no connection accepted at its address in that network; the engine does not list it there',
  undoneBy:
    'connecting it again with its aliases and its static address, by us, by the watchdog, or by the next start; the engine knows no lease',
  params,
  resolve: ({ node }, topology) => resolveContainers(node, topology),
  settings: ({ network }) => (network === undefined ? 'out of its network' : `out of ${network}`),
  async prepare({ network }, target, signal) {
    target.network = networkOf(target.name, network, await pin(target, signal));
  },

  undoOf({ network }, target) {
    const state = pinned(target);
    const name = networkOf(target.name, network, state);
    const endpoint = state.networks[name];
    return {
      step: 'reconnect-container',
      container: markOf(target),
      network: name,
      // The engine adds its short id by itself.
      aliases: (endpoint?.aliases ?? []).filter((alias) => !state.id.startsWith(alias)),
      links: endpoint?.links ?? [],
      driverOpts: endpoint?.driverOpts ?? {},
      staticIp: endpoint?.staticIp,
      staticIp6: endpoint?.staticIp6,
    };
  },

  baseline: (target, signal) =>
    containerBaseline(target, signal, target.network === undefined ? {} : { network: target.network }),

  async apply({ network }, target, { signal }) {
    const state = target.pinned ?? (await pin(target, signal));
    await target.engine.disconnect(state.id, networkOf(target.name, network, state), signal);
  },

  async prove({ network }, target, before, signal) {
    const name = networkOf(target.name, network, pinned(target));
    const door = before.applied.container?.door;
    return await untilProven(signal, `${target.name} is still in ${name}`, async () => {
      const state = await now(target, signal);
      if (state === undefined) return { proven: false, evidence: `${target.name} is not there any more` };
      if (name in state.networks) return `${target.name} is still in ${name}`;
      const evidence = `${target.name} is not in ${name} any more`;
      if (!door) return { proven: true, evidence };
      return (await knockAt(door.address, signal)) === 'closed'
        ? { proven: true, evidence: `${evidence}, and ${door.address} accepts no connection` }
        : `${evidence}, but ${door.address} still accepts connections`;
    });
  },
};

function networkOf(node: string, network: string | undefined, { networks }: ContainerState): string {
  const names = Object.keys(networks).filter((name) => name !== 'host' && name !== 'none');
  if (network !== undefined) {
    if (names.includes(network)) return network;
    throw new Error(`${node} is in no network '${network}'. ${suggestion(network, names)}`);
  }
  const [only, ...others] = names;
  if (only === undefined) throw new Error(`${node} is in no network that it could be taken out of`);
  if (others.length > 0) throw new Error(`${node} is in ${names.join(' and ')}: say which with network`);
  return only;
}
