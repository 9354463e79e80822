import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { MOST_CONNECTIONS } from '../antagonist/crowd.ts';
import type { FaultKind } from '../fault.ts';
import { showCount, showMs } from '../show.ts';
import {
  answered,
  CROWD_GONE,
  type CrowdTarget,
  crowdFields,
  isAccepted,
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
    .describe(`how many come, 1 to ${showCount(MOST_CONNECTIONS)}`),
  withinMs: z
    .int()
    .min(0)
    .max(5_000)
    .default(0)
    .describe('all within so long, ms, 0 to 5,000; at one moment unless told'),
  path: crowdFields.path.default('/').describe('what they ask for, with its query; / unless told'),
  node: crowdFields.node,
});

export type ThunderingHerdParams = z.input<typeof params>;

/** All come at the same moment, as after an outage. They ask once, and hang on for as long as the fault lasts, or they are let. */
export const thunderingHerd: FaultKind<z.output<typeof params>, CrowdTarget> = {
  kind: 'thundering-herd',
  family: 'load',
  about: 'Many connect at the same moment and ask at once; then they hang on.',
  needs: 'an entry over plain HTTP; Linux',
  provenBy:
    "half of the crowd's connections: in the kernel's own list, accepted by the server's own process; or answered, as the crowd itself counts. Where the server is elsewhere, in a container or unknown to the topology, answers alone count",
  undoneBy: hogUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveCrowd('thundering-herd', node, topology),
  settings: ({ connections, withinMs, path }) =>
    `${showCount(connections)} ask for ${path} ${withinMs === 0 ? 'at once' : `within ${showCount(withinMs)} ms`}`,
  undoOf: undoOfHog,
  baseline: async () => ({}),
  apply: ({ connections, withinMs, path }, target, how) =>
    sendCrowd('herd', { connections, withinMs, path }, target, how),
  // It comes once. A server that closes connections at rest, as most do, ends it rightly.
  lasts: () => false,

  async prove({ connections }, target, _, signal) {
    const accepted = new Set<number>();
    let answers = 0;
    let seen = false;
    const came = () => Math.max(accepted.size, answers);
    const startMs = performance.now();
    let grewMs = startMs;
    while (!signal.aborted && came() < connections) {
      if (isGone(target)) return CROWD_GONE;
      const [before, lookMs] = [came(), performance.now()];
      const { connections: open, inSight } = await look(target);
      seen ||= inSight;
      for (const one of open) if (isAccepted(one)) accepted.add(one.port);
      // Where a server answers and closes at once, connections have come and gone between two looks.
      answers = answered(target);
      if (came() > before) grewMs = performance.now();
      const enough = came() >= connections / 2;
      if (enough && performance.now() - grewMs > STILL_MS) break;
      if (came() < connections) await sleep(restAfter(performance.now() - lookMs));
    }
    const did = seen ? `accepted ${showCount(accepted.size)} and answered` : 'answered';
    const within = came() === 0 ? '' : ` within ${showMs(grewMs - startMs)}`;
    const unseen = seen ? '' : '; whether its own process accepted them is out of sight';
    const evidence = `${target.name} ${did} ${showCount(answers)} of ${showCount(connections)} connections${within}${unseen}`;
    return { proven: came() >= connections / 2, evidence };
  },
};

/** With nobody new for so long, nobody is waited for any more. */
const STILL_MS = 2_000;
