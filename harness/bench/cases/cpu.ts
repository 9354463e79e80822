import { Attempts } from '../attempts.ts';
import { type BenchCase, type BenchContext, isMissing } from '../case.ts';
import { type Peer, shown } from '../peers/peer.ts';
import { type Bar, type Measured, pairedRatio } from '../result.ts';

const OURS = 'ours-wire';
const NAMES = [OURS, 'wrk', 'bare-net', 'autocannon', 'ours-undici', 'bare-undici', 'oha', 'vegeta', 'k6', 'artillery'];
const CONNECTIONS = 64;

/** Ours over another: `most` times as much, or `fewer` times as little. */
const RATIOS: { of: string; to: string; bar?: Bar }[] = [
  { of: OURS, to: 'wrk', bar: { of: 'ratio', op: '<=', limit: 1.15 } },
  // Without a bar: what is left to Node itself.
  { of: 'bare-net', to: 'wrk' },
  { of: 'autocannon', to: OURS, bar: { of: 'ratio', op: '>=', limit: 2.5 } },
  { of: 'ours-undici', to: 'bare-undici', bar: { of: 'ratio', op: '<=', limit: 1.3 } },
];

/** What is held to a bar runs longer, so that the start of a program weighs less. */
const PAIRED = new Set(RATIOS.flatMap(({ of, to }) => [of, to]));

export const cpu: BenchCase = {
  name: 'cpu',
  question: 'What does a keep-alive GET cost the generator, with full accounting?',
  async run(context) {
    const { quick } = context;
    const peers: (Peer | { name: string; missing: string })[] = [];
    for (const name of NAMES) {
      const found = await context.peer(name);
      peers.push(isMissing(found) ? { name, ...found } : found);
    }
    const nginx = await context.nginx();
    if (isMissing(nginx)) return [{ name: 'cpu', unit: UNIT, samples: [], skipped: nginx.missing }];
    const attempts = new Attempts(context.say);
    const figures = new Map<string, { cpu: number[]; rate: number[]; command: string }>();
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const peer of peers) {
        if ('missing' in peer) continue;
        const seconds = quick ? 2 : PAIRED.has(peer.name) ? 10 : 5;
        const told = await attempts.measure(peer.name, () => once(context, peer, nginx.url, seconds));
        if (!told) continue;
        const known = figures.get(peer.name) ?? { cpu: [], rate: [], command: told.command };
        known.cpu.push(told.cpuPerMillion);
        known.rate.push(told.ratePerSec);
        figures.set(peer.name, known);
        context.say(
          `  ${peer.name}: ${told.cpuPerMillion.toFixed(2)} CPU s a million, ${Math.round(told.ratePerSec)} req/s`,
        );
      }
    }
    await nginx.stop();
    const samplesOf = (name: string) => figures.get(name)?.cpu ?? [];
    const lines = peers.map((peer): Measured => {
      const { name } = peer;
      const known = figures.get(name);
      const against = RATIOS.find(({ of }) => of === name);
      const ratio = against && pairedRatio(samplesOf(name), samplesOf(against.to));
      return {
        name: `CPU of ${name}`,
        unit: UNIT,
        samples: known?.cpu ?? [],
        ...(against?.bar ? { bar: against.bar } : {}),
        ...(against && ratio !== undefined ? { ratio: { to: `CPU of ${against.to}`, value: ratio } } : {}),
        ...attempts.reason(name),
        ...('missing' in peer ? { skipped: peer.missing } : { versions: { [name]: peer.version } }),
        ...(known ? { note: `${Math.round(middle(known.rate)).toLocaleString('en-US')} requests/s` } : {}),
        commands: known ? [known.command] : [],
      };
    });
    return lines;
  },
};

const UNIT = 'CPU s a million requests';

async function once({ processes, scratch, say }: BenchContext, peer: Peer, url: string, seconds: number) {
  const job = peer.closedLoop?.({ url, seconds, connections: CONNECTIONS, scratch });
  if (!job) return undefined;
  const ran = await processes.run(job.command, { timeoutMs: (seconds * 3 + 30) * 1_000, env: job.env ?? {} });
  const {
    requests,
    errors,
    tookSec = seconds,
  } = await job.read(ran, (command, options) => processes.run(command, options));
  if (errors > 0) say(`  ${peer.name}: ${errors} errors of ${requests} requests`);
  if (requests === 0) return undefined;
  return {
    cpuPerMillion: (ran.cpuSec / requests) * 1e6,
    ratePerSec: requests / tookSec,
    command: shown(job.command),
  };
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
