import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { down, measureUsers, proveDown } from './down.ts';
import { type LinkTarget, resolveLinksTo } from './link.ts';

const params = z.strictObject({
  broker: z.string().min(1).default('broker').describe('the broker, as the topology names it; broker unless told'),
});

export type BrokerDownParams = z.input<typeof params>;

/** One link to the broker, and all of them: it is enough that somebody uses one. */
interface BrokerLink extends LinkTarget {
  all: readonly LinkTarget[];
}

/** Nobody reaches the broker: every link that leads to it is cut. */
export const brokerDown: FaultKind<z.output<typeof params>, BrokerLink> = {
  kind: 'broker-down',
  family: 'dependency',
  about: 'Nobody reaches the broker: every link that leads to it is cut.',
  needs: 'links to a broker through a fault proxy',
  provenBy: 'a refused connection on each link, and traffic of the target itself on one of them before',
  undoneBy: down.undoneBy,
  params,

  resolve({ broker }, topology) {
    const links = resolveLinksTo(broker, topology);
    if (!links.ok) return links;
    const all = links.targets;
    const [first, ...others] = all;
    const withAll = (link: LinkTarget): BrokerLink => ({ ...link, all });
    return { ok: true, targets: [withAll(first), ...others.map(withAll)] };
  },

  settings: () => 'refuses connections',
  undoOf: (_, target, id) => down.undoOf({ link: target.name }, target, id),
  baseline: (target, signal) => measureUsers(target, target.all, signal),
  apply: (_, target, how) => down.apply({ link: target.name }, target, how),
  prove: (_, target, before, signal) => proveDown(target, before, signal),
};
