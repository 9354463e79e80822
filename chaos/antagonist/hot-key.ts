import { Agent, get } from 'node:http';
import { z } from 'zod';
import { keepAnswered } from './answered.ts';
import type { AntagonistKind } from './antagonist.ts';
import { addressOf, assertDescriptors, crowdFields } from './crowd.ts';

export const MOST_PER_SEC = 5_000;

const settings = z.strictObject({ ...crowdFields, perSec: z.int().min(1).max(MOST_PER_SEC) });

/**
 * Everybody wants the same thing: so many questions a second, whether answers come or not (an open model). With too many
 * out already, what is due is not asked at all.
 */
export const hotKey: AntagonistKind<z.output<typeof settings>> = {
  settings,
  async begin({ url, path, perSec }) {
    assertDescriptors(MOST_IN_FLIGHT);
    const agent = new Agent({ keepAlive: true, maxSockets: MOST_IN_FLIGHT, maxFreeSockets: MOST_IN_FLIGHT });
    const startMs = performance.now();
    let inFlight = 0;
    let answered = 0;
    keepAnswered(() => answered);
    let due = 0;
    setInterval(() => {
      const dueNow = Math.floor(((performance.now() - startMs) / 1_000) * perSec);
      for (; due < dueNow; due += 1) if (inFlight < MOST_IN_FLIGHT) ask();
    }, TICK_MS);

    const ask = () => {
      inFlight += 1;
      const asking = get({ ...addressOf(url), path, agent, timeout: PATIENCE_MS });
      asking.on('response', (answer) => {
        answered += 1;
        answer.resume().on('error', () => {});
      });
      asking.on('timeout', () => asking.destroy());
      asking.on('error', () => {});
      asking.on('close', () => {
        inFlight -= 1;
      });
    };
  },
};

const MOST_IN_FLIGHT = 500;
const TICK_MS = 10;
const PATIENCE_MS = 10_000;
