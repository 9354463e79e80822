import type { Thinking } from '../../load/think-time.ts';
import { type BenchCase, type BenchContext, isMissing } from '../case.ts';
import { type EngineReport, type EngineSpec, engineCommand, readEngineReport } from '../our-engine-spec.ts';
import { shown } from '../peers/peer.ts';
import type { Bar, Measured } from '../result.ts';

const USERS = 1_000_000;
const THINK_MS = 50_000;
const RAMP_MS = 30_000;

export const million: BenchCase = {
  name: 'million',
  question: 'A million users in one process, 20,000 requests a second: how much memory, how late, how much CPU?',
  async run(context) {
    const nginx = await context.nginx();
    if (isMissing(nginx)) return [{ name: 'million users', unit: '', samples: [], skipped: nginx.missing }];
    const lines: Measured[] = [];
    for (const thinking of ['between', 'in-flow'] as const)
      lines.push(...(await measured(context, nginx.url, thinking)));
    await nginx.stop();
    return lines;
  },
};

async function measured(context: BenchContext, url: string, thinking: Thinking): Promise<Measured[]> {
  const share = context.quick ? 0.1 : 1;
  const spec = (thinkMeanMs: number, rampMs: number, holdMs: number): EngineSpec => ({
    url,
    driver: 'wire',
    connections: 256,
    load: { model: 'users', users: USERS * share, thinkMeanMs, thinking },
    rampMs: rampMs * share,
    durationMs: rampMs * share + holdMs,
  });
  // At rest: they think for so long that hardly any has asked for anything yet.
  const atRest = spec(3_600_000, 20_000, 4_000);
  const inMotion = spec(THINK_MS, RAMP_MS, context.quick ? 6_000 : 30_000);
  const reports: { rest: EngineReport; motion: EngineReport }[] = [];
  for (let round = 0; round < (context.quick ? 1 : 3); round++) {
    const rest = await once(context, atRest);
    const motion = await once(context, inMotion);
    context.say(
      `  thinking ${thinking}: ${gib(motion.peakRssBytes).toFixed(2)} GiB, ${motion.steadyRatePerSec?.toFixed(0)} req/s, lateness p99 ${motion.steadyLateness?.p99Ms.toFixed(1)} ms (ramp ${motion.rampLateness?.p99Ms.toFixed(1)} ms), ${motion.steadyCores?.toFixed(2)} cores`,
    );
    for (const trouble of motion.troubles) context.say(`  trouble: ${trouble}`);
    reports.push({ rest, motion });
  }
  const commands = [shown(engineCommand(inMotion))];
  const line = (
    name: string,
    unit: string,
    value: (each: { rest: EngineReport; motion: EngineReport }) => number | null | undefined,
    bar?: Bar,
    note?: string,
  ): Measured => ({
    name,
    unit,
    samples: reports.flatMap((each) => value(each) ?? []),
    ...(bar ? { bar } : {}),
    ...(note === undefined ? {} : { note }),
    commands,
  });
  const most = (limit: number): Bar => ({ of: 'value', op: '<=', limit });
  const who = `${(USERS * share).toLocaleString('en-US')} users${thinking === 'in-flow' ? ' with thinking flows' : ''}`;
  return [
    line(`${who}: requests`, 'requests/s', ({ motion }) => motion.steadyRatePerSec, {
      of: 'value',
      op: '>=',
      limit: 19_500 * share,
    }),
    line(`${who}: memory at rest`, 'GiB', ({ rest }) => gib(rest.lastRssBytes), most(1)),
    line(`${who}: memory in motion`, 'GiB', ({ motion }) => gib(motion.peakRssBytes), most(1), 'the most it held'),
    line(`${who}: lateness p99`, 'ms', ({ motion }) => motion.steadyLateness?.p99Ms, most(5), 'steady state'),
    line(`${who}: lateness max`, 'ms', ({ motion }) => motion.steadyLateness?.maxMs, undefined, 'steady state'),
    line(`${who}: CPU`, 'cores', ({ motion }) => motion.steadyCores, { of: 'value', op: '<', limit: 0.5 }),
    line(
      `${who} in ${(RAMP_MS * share) / 1_000} s: lateness p99`,
      'ms',
      ({ motion }) => motion.rampLateness?.p99Ms,
      most(20),
    ),
  ];
}

async function once({ processes }: BenchContext, spec: EngineSpec): Promise<EngineReport> {
  const ran = await processes.run(engineCommand(spec), { timeoutMs: spec.durationMs + 60_000 });
  return readEngineReport(ran.stdout);
}

function gib(bytes: number): number {
  return bytes / 2 ** 30;
}
