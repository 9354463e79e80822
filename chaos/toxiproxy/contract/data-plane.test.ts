import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Contestant, ENTRANTS, freePort } from './contestant.ts';
import { LinkRig } from './link-rig.ts';
import { OBSERVATIONS } from './links.ts';

/** What happens to bytes and connections: the same for the embedded server and the original. */

let made = 0;

for (const { name, start, original } of ENTRANTS) {
  describe(`${name} carries data as Toxiproxy 2.12.0 does`, () => {
    let contestant: Contestant;
    beforeAll(async () => {
      contestant = await start(await freePort('links'), { proxyMetrics: true });
    });
    afterAll(() => contestant.close());

    for (const [title, observation] of Object.entries(OBSERVATIONS)) {
      const test = observation.alone ? it : it.concurrent;
      const { seen } = (original && observation.original) || observation;
      test(title, { skip: seen === 'not asked' }, async () => {
        made += 1;
        await using rig = await LinkRig.start(contestant.url, `p${made}`);
        for (const [type, attributes, more] of observation.toxics ?? []) await rig.add(type, attributes, more);
        expect(await observation.watch(rig)).toEqual(seen);
      });
    }
  });
}
