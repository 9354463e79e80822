import type { Board } from '../board.ts';
import { targetBack } from './target-back.ts';
import { targetFront } from './target-front.ts';

/**
 * The golden signals of each tier. Where a part can be the embedded one or a real one (an edge of our own or Varnish, a
 * load balancer of our own or HAProxy, ...) a panel asks for both, and shows the one that is there.
 */
export const targetBoard: Board = {
  name: 'target',
  title: 'Stampede: target',
  description: 'The reference shop, tier by tier: traffic, errors, latency, saturation.',
  variables: [
    {
      name: 'node',
      label: 'Node',
      description: 'Nodes of the target, as faults call them.',
      query: 'label_values(up{node!=""}, node)',
    },
  ],
  rows: [...targetFront, ...targetBack],
};
