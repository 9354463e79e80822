import { z } from 'zod';
import { keepAnswered } from './answered.ts';
import type { AntagonistKind } from './antagonist.ts';
import { assertDescriptors, connectTo, crowdFields, MOST_CONNECTIONS, paced, questionFor } from './crowd.ts';

const settings = z.strictObject({
  ...crowdFields,
  connections: z.int().min(1).max(MOST_CONNECTIONS),
  withinMs: z.int().min(0),
});

/** All come at once, ask once, take what they get, and then hang on until the server closes. It comes once. */
export const herd: AntagonistKind<z.output<typeof settings>> = {
  settings,
  async begin({ url, path, connections, withinMs }) {
    assertDescriptors(connections);
    const question = questionFor(url, path);
    let answered = 0;
    keepAnswered(() => answered);
    // Whoever waits for us to be at work is to be there when they come.
    setTimeout(() => {
      void paced(connections, withinMs, () => {
        const socket = connectTo(url);
        socket.write(question);
        socket.once('data', () => {
          answered += 1;
        });
        socket.resume();
      });
    }, AFTER_MS);
  },
};

const AFTER_MS = 100;
