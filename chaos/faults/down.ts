import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { refuses } from '../probe.ts';
import { setEnabled } from '../toxiproxy-client.ts';
import { type LinkTarget, linkField, linkState, measureLink, resolveLink } from './link.ts';

const params = z.strictObject({ link: linkField });

export type DownParams = z.input<typeof params>;

/** A link is cut: open connections end, new ones are refused. */
export const down: FaultKind<z.output<typeof params>, LinkTarget> = {
  kind: 'down',
  family: 'network',
  about: 'A link is cut: open connections end, new ones are refused.',
  needs: 'a link through a fault proxy',
  provenBy: 'a refused connection, and bytes of the target itself having passed over the link before',
  undoneBy: 'enabling the proxy',
  params,
  resolve: ({ link }, topology) => resolveLink(link, topology),
  settings: () => 'refuses connections',
  undoOf: (_, { api, proxy }) => ({ step: 'enable-proxy', api, proxy }),
  baseline: measureLink,
  apply: (_, { api, proxy }, { signal }) => setEnabled(api, proxy, false, signal),

  async prove(_, target, before, signal) {
    const carried = (before.applied.bytesBefore ?? 0) - (before.armed.bytesAfter ?? 0);
    while (!signal.aborted) {
      const state = await linkState(target, signal);
      if (state && (await refuses(state.listen, signal))) {
        if (carried <= 0) {
          return {
            proven: false,
            evidence: `${target.name} refuses connections, but the link carried no traffic before`,
          };
        }
        return { proven: true, evidence: `${target.name} refuses connections, carried ${carried} bytes before` };
      }
      await sleep(100);
    }
    return { proven: false, evidence: `${target.name} still accepts connections` };
  },
};
