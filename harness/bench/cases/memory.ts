import { Attempts } from '../attempts.ts';
import { type BenchCase, isMissing } from '../case.ts';
import { shown } from '../peers/peer.ts';
import type { Measured } from '../result.ts';

/** Two sizes each: what lies between them is users, and not the program. */
const SIZES = [
  { name: 'ours-wire', few: 20_000, many: 100_000 },
  { name: 'k6', few: 200, many: 1_000 },
  { name: 'artillery', few: 200, many: 1_000 },
];
const THINK_SEC = 5;

export const memory: BenchCase = {
  name: 'memory',
  question: 'What does a user with think time cost in memory?',
  async run({ peer, nginx, processes, scratch, quick, say }) {
    const server = await nginx();
    if (isMissing(server)) return [{ name: 'memory', unit: UNIT, samples: [], skipped: server.missing }];
    const attempts = new Attempts(say);
    const samples = new Map<string, number[]>();
    const lines: Measured[] = [];
    const found = await Promise.all(SIZES.map(async (size) => ({ ...size, peer: await peer(size.name) })));
    const commands = new Map<string, string>();
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const { name, few, many, peer: tool } of found) {
        if (isMissing(tool)) continue;
        const mibPerThousand = await attempts.measure(name, async () => {
          const peak = async (users: number): Promise<number> => {
            const seconds = THINK_SEC * (quick ? 1 : 2);
            const job = tool.users?.({ url: server.url, seconds, users, thinkSec: THINK_SEC, scratch });
            if (!job) throw new Error(`${name} cannot be asked for users`);
            commands.set(name, shown(job.command));
            const options = { timeoutMs: (seconds + 60) * 1_000, watchMemory: true, env: job.env ?? {} };
            return (await processes.run(job.command, options)).peakRssBytes;
          };
          return ((await peak(many)) - (await peak(few))) / 2 ** 20 / ((many - few) / 1_000);
        });
        if (mibPerThousand === undefined) continue;
        say(`  ${name}: ${mibPerThousand.toFixed(2)} MiB for 1,000 users`);
        samples.set(name, [...(samples.get(name) ?? []), mibPerThousand]);
      }
    }
    await server.stop();
    for (const { name, few, many, peer: tool } of found) {
      lines.push({
        name: `memory of ${name}`,
        unit: UNIT,
        samples: samples.get(name) ?? [],
        note: `the difference between ${few.toLocaleString('en-US')} and ${many.toLocaleString('en-US')} users; more is extrapolation`,
        commands: [commands.get(name) ?? ''].filter(Boolean),
        ...attempts.reason(name),
        ...(isMissing(tool) ? { skipped: tool.missing } : { versions: { [name]: tool.version } }),
      });
    }
    return lines;
  },
};

const UNIT = 'MiB for 1,000 users';
