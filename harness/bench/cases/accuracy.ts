import { fileURLToPath } from 'node:url';
import { Attempts } from '../attempts.ts';
import { type BenchCase, isMissing } from '../case.ts';
import { type Latency, shown } from '../peers/peer.ts';
import type { Measured } from '../result.ts';
import { type Behaviour, errorsOf, plannedTruth, type Truth } from '../truth.ts';

const RATE_PER_SEC = 1_000;
const BEHAVIOUR: Behaviour = { fromMs: 30, toMs: 50, stallEveryMs: 5_000, stallMs: 300 };
/** So many connections of a closed loop come to the same rate, because an answer takes 40 ms in the middle. */
const CONNECTIONS = 40;

const TOOLS = [
  { name: 'ours-wire', loop: 'open' },
  { name: 'oha', loop: 'open' },
  { name: 'vegeta', loop: 'open' },
  { name: 'k6', loop: 'open' },
  { name: 'artillery', loop: 'open' },
  { name: 'wrk', loop: 'closed' },
  { name: 'autocannon', loop: 'closed' },
] as const;

export const accuracy: BenchCase = {
  name: 'accuracy',
  question: 'A server that stalls 300 ms every 5 s: who reports what its users saw?',
  async run({ peer, processes, scratch, quick, say }) {
    const seconds = quick ? 7 : 14;
    const found = await Promise.all(TOOLS.map(async (tool) => ({ ...tool, peer: await peer(tool.name) })));
    const attempts = new Attempts(say);
    const figures = new Map<string, { worst: number[]; max: number[]; note: string; command: string }>();
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const { name, loop, peer: tool } of found) {
        if (isMissing(tool)) continue;
        const server = await startKnownServer(processes);
        const ask = { url: server.url, seconds, scratch };
        const job =
          loop === 'open'
            ? tool.arrivals?.({ ...ask, ratePerSec: RATE_PER_SEC })
            : tool.closedLoop?.({ ...ask, connections: CONNECTIONS });
        if (!job) continue;
        const options = { timeoutMs: (seconds * 3 + 60) * 1_000, env: job.env ?? {} };
        const told = await attempts.measure(name, async () =>
          job.read(await processes.run(job.command, options), (command, more) => processes.run(command, more)),
        );
        // A closed loop has no schedule: it is held to what users who come evenly would have seen.
        const truth =
          loop === 'open' ? await server.truth(RATE_PER_SEC) : plannedTruth(RATE_PER_SEC, seconds, BEHAVIOUR);
        await server.stop();
        if (told === undefined) continue;
        const { latency } = told;
        const { worst, maxErrorMs } = errorsOf(latency, truth);
        const note = comparison(latency, truth, loop);
        say(`  ${name}: ${note}`);
        const known = figures.get(name) ?? { worst: [], max: [], note, command: shown(job.command) };
        known.worst.push(worst * 100);
        if (maxErrorMs !== undefined) known.max.push(maxErrorMs);
        figures.set(name, { ...known, note });
      }
    }
    return found.flatMap(({ name, peer: tool }): Measured[] => {
      const known = figures.get(name);
      const held = (limit: number) => (name === 'ours-wire' ? { bar: { of: 'value', op: '<=', limit } as const } : {});
      const about = isMissing(tool)
        ? { skipped: tool.missing }
        : { ...attempts.reason(name), versions: { [name]: tool.version } };
      const commands = known ? [known.command] : [];
      const note = known ? { note: `last round: ${known.note}` } : {};
      return [
        {
          name: `error of ${name}`,
          unit: '% of p50, p99 or p99.9',
          samples: known?.worst ?? [],
          ...held(1),
          ...about,
          ...note,
          commands,
        },
        {
          name: `error of the maximum of ${name}`,
          unit: 'ms',
          samples: known?.max ?? [],
          ...held(1),
          ...about,
          commands,
        },
      ];
    });
  },
};

async function startKnownServer(processes: Parameters<BenchCase['run']>[0]['processes']) {
  const program = fileURLToPath(new URL('../known-server.ts', import.meta.url));
  const command = [process.execPath, program, JSON.stringify(BEHAVIOUR)];
  const server = await processes.serve(command, (stdout) => /^listening \d+$/m.test(stdout));
  const url = `http://127.0.0.1:${/^listening (\d+)$/m.exec(server.stdout())?.[1]}/`;
  return {
    url,
    stop: server.stop,
    async truth(ratePerSec: number): Promise<Truth> {
      const response = await fetch(`${url}truth?rate=${ratePerSec}`);
      return (await response.json()) as Truth;
    },
  };
}

function comparison(told: Latency, truth: Truth, loop: 'open' | 'closed'): string {
  const show = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(1));
  const pairs = (['p50Ms', 'p99Ms', 'p999Ms', 'maxMs'] as const).map(
    (key) => `${LABELS[key]} ${show(told[key])} of ${show(truth[key])} ms`,
  );
  return `${pairs.join(', ')}${loop === 'closed' ? ' (closed loop)' : ''}`;
}

const LABELS = { p50Ms: 'p50', p99Ms: 'p99', p999Ms: 'p99.9', maxMs: 'max' };
