import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { MOST_CONNECTIONS } from '../antagonist/crowd.ts';
import { MOST_BYTES_PER_SEC } from '../antagonist/slow-readers.ts';
import type { FaultKind } from '../fault.ts';
import { showCount } from '../show.ts';
import {
  CROWD_GONE,
  type CrowdTarget,
  crowdFields,
  isGone,
  look,
  resolveCrowd,
  restAfter,
  sendCrowd,
} from './crowd.ts';
import { hogUndoneBy, undoOfHog } from './hog.ts';

const params = z.strictObject({
  connections: z
    .int()
    .min(1)
    .max(MOST_CONNECTIONS)
    .describe(`how many read, 1 to ${showCount(MOST_CONNECTIONS)}`),
  bytesPerSec: z
    .int()
    .min(1)
    .max(MOST_BYTES_PER_SEC)
    .describe(`what each reads, bytes/s, 1 to ${showCount(MOST_BYTES_PER_SEC)}`),
  path: crowdFields.path.default('/').describe('what they ask for, with its query; / unless told'),
  ahead: z
    .int()
    .min(1)
    .max(1_000)
    .default(32)
    .describe(
      'questions out at once on each connection, 1 to 1,000; 32 unless told. Their answers must come to more than the kernel takes for a reader, some 130 KB, or nothing waits in the server',
    ),
  node: crowdFields.node,
});

export type SlowReadersParams = z.input<typeof params>;

/** Readers so slow that answers pile up in the server: what has no limit on the time of an answer is held up by them. */
export const slowReaders: FaultKind<z.output<typeof params>, CrowdTarget> = {
  kind: 'slow-readers',
  family: 'load',
  about: 'Connections ask and read the answers at a trickle, so that answers wait in the server.',
  needs: 'an entry over plain HTTP; Linux',
  provenBy:
    "the kernel's own list: connections of the crowd with bytes in the server's send queue; where that is no socket of the server's own process (elsewhere, in a container, unknown to the topology), connections with 32 KiB of answers unread in ours",
  undoneBy: hogUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveCrowd('slow-readers', node, topology),
  settings: ({ connections, bytesPerSec, path }) =>
    `${showCount(connections)} read ${path} at ${showCount(bytesPerSec)} bytes/s`,
  undoOf: undoOfHog,
  baseline: async () => ({}),
  apply: ({ connections, bytesPerSec, path, ahead }, target, how) =>
    sendCrowd('slow-readers', { connections, bytesPerSec, path, ahead }, target, how),

  async prove({ connections }, target, _, signal) {
    let evidence = `${target.name} was not looked at in time`;
    while (!signal.aborted) {
      if (isGone(target)) return CROWD_GONE;
      const startMs = performance.now();
      const { connections: all, inSight } = await look(target);
      const stuck = all.filter(({ ours, theirs }) =>
        inSight ? theirs?.established && theirs.unsentBytes > 0 : ours.unreadBytes >= LEAST_UNREAD_BYTES,
      );
      const unread = all.reduce((sum, { ours }) => sum + ours.unreadBytes, 0);
      const unsent = all.reduce((sum, { theirs }) => sum + (theirs?.unsentBytes ?? 0), 0);
      const queues = inSight ? `${kilobytes(unsent)} in its send queues` : 'its send queues are out of sight';
      evidence = `${target.name} waits for ${showCount(stuck.length)} of ${showCount(connections)} readers: ${queues}, ${kilobytes(unread)} unread`;
      if (stuck.length >= connections / 2) return { proven: true, evidence };
      await sleep(restAfter(performance.now() - startMs));
    }
    return { proven: false, evidence };
  },
};

/** Where the server's end is out of sight. */
const LEAST_UNREAD_BYTES = 32 * 1024;

const kilobytes = (bytes: number) => `${showCount(bytes / 1_000)} KB`;
