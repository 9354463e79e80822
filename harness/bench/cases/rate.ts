import { Attempts } from '../attempts.ts';
import { type BenchCase, isMissing } from '../case.ts';
import { shown } from '../peers/peer.ts';
import type { Measured } from '../result.ts';

const NAMES = ['ours-wire', 'vegeta', 'oha', 'k6', 'artillery'];
const RATE_PER_SEC = 5_000;

/** The server's own log says what came: a tool cannot flatter itself. */
export const rate: BenchCase = {
  name: 'rate',
  question: `Asked for ${RATE_PER_SEC.toLocaleString('en-US')} arrivals a second for 10 s: what arrives?`,
  async run({ peer, nginx, processes, scratch, quick, say }) {
    const seconds = quick ? 3 : 10;
    const found = await Promise.all(NAMES.map(async (name) => ({ name, peer: await peer(name) })));
    const attempts = new Attempts(say);
    const samples = new Map<string, { achieved: number[]; note: string; command: string }>();
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const { name, peer: tool } of found) {
        if (isMissing(tool)) continue;
        const server = await nginx({ logTimes: true });
        if (isMissing(server)) return [{ name: 'rate', unit: UNIT, samples: [], skipped: server.missing }];
        const job = tool.arrivals?.({ url: server.url, seconds, ratePerSec: RATE_PER_SEC, scratch });
        if (!job) continue;
        const options = { timeoutMs: (seconds * 5 + 60) * 1_000, env: job.env ?? {} };
        const ran = await attempts.measure(name, () => processes.run(job.command, options));
        await server.stop();
        if (ran === undefined) continue;
        // The first was the look whether the server is up.
        const arrivals = arrivalsOf(server.times().slice(1));
        say(`  ${name}: ${arrivals.note}`);
        const known = samples.get(name) ?? { achieved: [], note: '', command: shown(job.command) };
        samples.set(name, { ...known, achieved: [...known.achieved, arrivals.achievedPerSec], note: arrivals.note });
      }
    }
    return found.map(({ name, peer: tool }): Measured => {
      const known = samples.get(name);
      return {
        name: `arrivals of ${name}`,
        unit: UNIT,
        samples: known?.achieved ?? [],
        ...(known ? { note: `last round: ${known.note}`, commands: [known.command] } : {}),
        ...(name === 'ours-wire' ? { bar: { of: 'value', op: '>=', limit: RATE_PER_SEC * 0.99 } as const } : {}),
        ...attempts.reason(name),
        ...(isMissing(tool) ? { skipped: tool.missing } : { versions: { [name]: tool.version } }),
      };
    });
  },
};

const UNIT = 'requests/s';

/** From when each request ended at the server, in seconds. */
export function arrivalsOf(timesSec: readonly number[]): { achievedPerSec: number; note: string } {
  const first = timesSec.reduce((least, each) => Math.min(least, each), Infinity);
  const last = timesSec.reduce((most, each) => Math.max(most, each), 0);
  if (timesSec.length < 2 || last <= first) return { achievedPerSec: 0, note: `${timesSec.length} requests` };
  const tookSec = last - first;
  return {
    achievedPerSec: (timesSec.length - 1) / tookSec,
    note: `${timesSec.length.toLocaleString('en-US')} requests in ${tookSec.toFixed(1)} s`,
  };
}
