import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../places.ts';
import { Attempts } from '../attempts.ts';
import { type BenchCase, type BenchContext, isMissing } from '../case.ts';
import { freePort } from '../free-port.ts';
import { shown } from '../peers/peer.ts';
import { type Bar, type Measured, median, pairedRatio } from '../result.ts';
import type { FarEndsAsk, FarEndsTold } from '../toxiproxy/far-ends-spec.ts';

const OURS = 'ours';
const ORIGINAL = 'the original';
const LATENCY_MS = 100;
const CONNECTIONS = 9_000;

/** The embedded fault proxy beside the original. */
export const toxiproxy: BenchCase = {
  name: 'toxiproxy',
  question: 'What does the embedded Toxiproxy cost, and how exact is it, beside the original?',
  async run(context) {
    const original = context.toxiproxy();
    const attempts = new Attempts(context.say);
    const servers = [
      { name: OURS, command: [process.execPath, join(packageRoot, 'chaos/toxiproxy/main.ts')] },
      ...(isMissing(original) ? [] : [{ name: ORIGINAL, command: [original.path] }]),
    ];
    const rounds: Round[] = [];
    for (let at = 0; at < (context.quick ? 1 : 5); at++) {
      for (const server of servers) {
        const figures = await attempts.measure(server.name, () => roundOf(context, server, at === 0));
        if (figures) rounds.push({ ...figures, name: server.name });
        if (figures) context.say(`  ${server.name}: ${inWords(figures)}`);
      }
    }
    return linesOf(rounds, {
      skipped: (name) => {
        if (name === ORIGINAL && isMissing(original)) return { skipped: original.missing };
        return attempts.reason(name);
      },
      commands: servers.map(({ command }) => shown([...command, '-port', 'PORT'])),
      versions: isMissing(original) ? {} : { toxiproxy: original.version },
    });
  },
};

interface Server {
  name: string;
  command: string[];
}

interface Figures {
  /** Megabytes carried for a second of CPU. */
  megabytesPerCpuSec: number;
  /** p99 of a trip through the proxy less p99 of one without it. */
  addedMs: number;
  /** How far trips under a latency toxic are from what it says: their median, and the 99th of a hundred. */
  errorMs: number;
  errorP99Ms: number;
  /** Only in the first round. */
  held?: FarEndsTold['held'];
}

export type Round = Figures & { name: string };

/** Each measurement has a fresh server. */
async function roundOf(context: BenchContext, server: Server, isFirst: boolean): Promise<Figures> {
  const seconds = context.quick ? 1 : 3;
  const trips = context.quick ? 1_000 : 5_000;
  const carried = await measured(context, server, { what: 'carried', connections: 4, seconds });
  const direct = await measured(context, server, { what: 'trips', trips, direct: true });
  const through = await measured(context, server, { what: 'trips', trips, direct: false });
  const delays = await measured(context, server, {
    what: 'delays',
    connections: 1_000,
    seconds,
    latencyMs: LATENCY_MS,
  });
  const errorsMs = delays.tookMs.map((tookMs) => Math.abs(tookMs - LATENCY_MS));
  return {
    megabytesPerCpuSec: carried.bytes / 1e6 / carried.cpuSec,
    addedMs: quantile(through.tookMs, 0.99) - quantile(direct.tookMs, 0.99),
    errorMs: quantile(errorsMs, 0.5),
    errorP99Ms: quantile(errorsMs, 0.99),
    ...(isFirst ? { held: await measured(context, server, { what: 'held', connections: CONNECTIONS }) } : {}),
  };
}

type Asked = FarEndsAsk extends infer Ask ? (Ask extends FarEndsAsk ? Omit<Ask, 'api' | 'pid'> : never) : never;

async function measured<Ask extends Asked>(
  { processes }: BenchContext,
  { command }: Server,
  asked: Ask,
): Promise<FarEndsTold[Ask['what']]> {
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  // A line of log for each connection is not what is compared.
  const quietly = ['env', 'LOG_LEVEL=error', ...command, '-port', `${port}`];
  const server = await processes.serve(quietly, () => answers(`${api}/version`));
  try {
    const ask = JSON.stringify({ api, pid: server.pid(), ...asked });
    const { stdout } = await processes.run([process.execPath, FAR_ENDS, ask], { timeoutMs: 60_000 });
    return JSON.parse(stdout) as FarEndsTold[Ask['what']];
  } finally {
    await server.stop();
  }
}

const FAR_ENDS = fileURLToPath(new URL('../toxiproxy/far-ends.ts', import.meta.url));

/** Ours and the original's of each figure; only ours are held to bars. */
export function linesOf(
  rounds: readonly Round[],
  {
    skipped,
    commands,
    versions,
  }: Pick<Measured, 'versions'> & { skipped: (name: string) => { skipped?: string }; commands: string[] },
): Measured[] {
  const of = (name: string, pick: (round: Round) => number | undefined) =>
    rounds.filter((round) => round.name === name).flatMap((round) => pick(round) ?? []);
  const both = (
    what: string,
    unit: string,
    pick: (round: Round) => number | undefined,
    bar: Bar,
    note: (name: string) => string = () => '',
  ): Measured[] =>
    [OURS, ORIGINAL].map((name) => {
      const ratio = name === OURS && bar.of === 'ratio' ? pairedRatio(of(OURS, pick), of(ORIGINAL, pick)) : undefined;
      return {
        name: `${what}, ${name}`,
        unit,
        samples: of(name, pick),
        ...(name === OURS ? { bar } : {}),
        ...(ratio === undefined ? {} : { ratio: { to: ORIGINAL, value: ratio } }),
        ...(note(name) === '' ? {} : { note: note(name) }),
        ...skipped(name),
        commands,
        ...(versions === undefined ? {} : { versions }),
      };
    });
  return [
    ...both('fault proxy: bytes carried', 'MB a CPU second', ({ megabytesPerCpuSec }) => megabytesPerCpuSec, {
      of: 'ratio',
      op: '>=',
      limit: 1,
    }),
    ...both(
      'fault proxy: latency added without toxics, p99',
      'ms',
      ({ addedMs }) => addedMs,
      { of: 'value', op: '<=', limit: 0.3 },
      () => 'one connection, one byte at a time; p99 through it less p99 without it',
    ),
    ...both(
      'fault proxy: error of a latency of 100 ms at 1,000 connections',
      'ms',
      ({ errorMs }) => errorMs,
      { of: 'value', op: '<=', limit: 2 },
      (name) =>
        `the median of 2,000 trips a second; p99 ${(median(of(name, (round) => round.errorP99Ms)) ?? 0).toFixed(1)} ms`,
    ),
    ...both(
      'fault proxy: connections in one process',
      '',
      ({ held }) => held?.answered,
      { of: 'value', op: '>=', limit: CONNECTIONS },
      (name) => `${Math.round((of(name, (round) => round.held?.rssBytes)[0] ?? 0) / 1e6)} MB`,
    ),
  ];
}

function inWords({ megabytesPerCpuSec, addedMs, errorMs, errorP99Ms }: Figures): string {
  return [
    `${Math.round(megabytesPerCpuSec)} MB a CPU second`,
    `${addedMs.toFixed(2)} ms added`,
    `${errorMs.toFixed(2)} ms error, p99 ${errorP99Ms.toFixed(2)}`,
  ].join(', ');
}

function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );
}
