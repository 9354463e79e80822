import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { MOST_CONNECTIONS } from '../antagonist/crowd.ts';
import type { FaultKind } from '../fault.ts';
import { showMs } from '../show.ts';
import {
  CROWD_GONE,
  type CrowdTarget,
  connectionsOf,
  crowdFields,
  isAccepted,
  isGone,
  LOOK_MS,
  resolveCrowd,
  sendCrowd,
  text,
} from './crowd.ts';
import { hogUndoneBy, undoOfHog } from './hog.ts';

const params = z.strictObject({
  connections: z
    .int()
    .min(1)
    .max(MOST_CONNECTIONS)
    .describe(`how many come, 1 to ${text(MOST_CONNECTIONS)}`),
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
  provenBy: "the kernel's own list: connections of the crowd that the server has accepted",
  undoneBy: hogUndoneBy,
  params,
  resolve: ({ node }, topology) => resolveCrowd('thundering-herd', node, topology),
  settings: ({ connections, withinMs, path }) =>
    `${text(connections)} ask for ${path} ${withinMs === 0 ? 'at once' : `within ${text(withinMs)} ms`}`,
  undoOf: undoOfHog,
  baseline: async () => ({}),
  apply: ({ connections, withinMs, path }, target, how) =>
    sendCrowd('herd', { connections, withinMs, path }, target, how),
  // It comes once. A server that closes connections at rest, as most do, ends it rightly.
  lasts: () => false,

  async prove({ connections }, target, _, signal) {
    const accepted = new Set<number>();
    const startMs = performance.now();
    let grewMs = startMs;
    while (!signal.aborted && accepted.size < connections) {
      if (isGone(target)) return CROWD_GONE;
      const before = accepted.size;
      for (const one of connectionsOf(target)) if (isAccepted(one)) accepted.add(one.port);
      if (accepted.size > before) grewMs = performance.now();
      const enough = accepted.size >= connections / 2;
      if (enough && performance.now() - grewMs > STILL_MS) break;
      await sleep(LOOK_MS);
    }
    const within = accepted.size === 0 ? '' : ` within ${showMs(grewMs - startMs)}`;
    const evidence = `${target.name} accepted ${text(accepted.size)} of ${text(connections)} connections${within}`;
    return { proven: accepted.size >= connections / 2, evidence };
  },
};

/** With nobody new for so long, nobody is waited for any more. */
const STILL_MS = 2_000;
