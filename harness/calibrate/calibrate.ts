import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type EngineReport, type EngineSpec, engineCommand, readEngineReport } from '../bench/our-engine-spec.ts';
import { autocannonCommand, readAutocannon } from '../bench/peers/autocannon.ts';
import { Processes, type Ran } from '../bench/processes.ts';
import { EXIT, StampedeError } from '../errors.ts';
import type { Calibration, GeneratorCeiling } from './calibration.ts';

export interface CalibrateOptions {
  say: (line: string) => void;
  signal?: AbortSignal;
  /** Of each measurement; 4 s when absent. */
  seconds?: number;
}

const CONNECTIONS = 64;
const USERS = 100_000;
const FEW_USERS = 10_000;

/**
 * This machine's ceiling: our engine and autocannon in a closed loop, in turn, against a small server on 127.0.0.1;
 * then as many users with thinking time as tell what one of them takes. About 20 s.
 */
export async function calibrate({ say, signal, seconds = 4 }: CalibrateOptions): Promise<Calibration> {
  const processes = new Processes();
  const run = (command: readonly string[]) => processes.run(command, { timeoutMs: seconds * 1_000 + 30_000 });
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {});
  const stop = () => stopped.reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    return await Promise.race([measure(processes, run, say, seconds), stopped.promise]);
  } finally {
    signal?.removeEventListener('abort', stop);
    await processes.close();
  }
}

async function measure(
  processes: Processes,
  run: Run,
  say: (line: string) => void,
  seconds: number,
): Promise<Calibration> {
  const url = await startServer(processes);
  const engine: GeneratorCeiling[] = [];
  const others: GeneratorCeiling[] = [];
  const half = seconds / 2;
  for (const round of [1, 2]) {
    const own = readEngineReport((await run(engineCommand(closedLoop(url, half)))).stdout);
    engine.push(ceilingOf('the engine', own.requests, own.ok, own.cpuSec, half));
    const other = await run(autocannonCommand(url, CONNECTIONS, half));
    const { requests, errors } = readAutocannon(other.stdout);
    others.push(ceilingOf('autocannon', requests, requests - errors, other.cpuSec, half));
    const rates = [engine, others].map((each) => (each.at(-1)?.requestsPerCoreSec ?? 0).toFixed(0));
    say(`round ${round} of 2: the engine ${rates[0]} requests a second and core, autocannon ${rates[1]}`);
  }
  const held = await usersHeld(url, run);
  say(`${USERS.toLocaleString('en-US')} users with thinking time: ${held.bytesPerUser.toFixed(0)} bytes each`);
  return {
    version: 1,
    measuredAt: new Date().toISOString(),
    node: process.version,
    cores: availableParallelism(),
    memoryGib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    engine: best(engine),
    autocannon: best(others),
    usersPerGib: Math.floor(2 ** 30 / held.bytesPerUser),
  };
}

type Run = (command: readonly string[]) => Promise<Ran>;

/** A ceiling is what was reached; what disturbed a round says nothing about it. */
function best(rounds: readonly GeneratorCeiling[]): GeneratorCeiling {
  const [first, ...others] = rounds;
  if (first === undefined) throw new Error('expected at least one round');
  return others.reduce((top, each) => (each.requestsPerCoreSec > top.requestsPerCoreSec ? each : top), first);
}

function ceilingOf(who: string, requests: number, ok: number, cpuSec: number, seconds: number): GeneratorCeiling {
  if (ok === 0 || ok < requests * 0.99) {
    throw new StampedeError('calibrate/errors', `Only ${ok} of ${requests} requests of ${who} were answered.`, {
      exitCode: EXIT.environment,
      hint: 'the machine may be out of ports or descriptors: stampede doctor',
    });
  }
  return { requestsPerCoreSec: Math.round(requests / cpuSec), requestsPerSec: Math.round(requests / seconds) };
}

function closedLoop(url: string, seconds: number): EngineSpec {
  const load = { model: 'users', users: CONNECTIONS, thinkMeanMs: 0 } as const;
  return { url, driver: 'wire', connections: CONNECTIONS, load, rampMs: 0, durationMs: seconds * 1_000 };
}

/** The difference between many users and few is users, and not the program. */
async function usersHeld(url: string, run: Run) {
  const held = async (users: number): Promise<EngineReport> => {
    const load = { model: 'users', users, thinkMeanMs: 20_000, thinking: 'in-flow' } as const;
    const spec: EngineSpec = { url, driver: 'wire', connections: 256, load, rampMs: 2_000, durationMs: 4_000 };
    return readEngineReport((await run(engineCommand(spec))).stdout);
  };
  const many = await held(USERS);
  const few = await held(FEW_USERS);
  return { bytesPerUser: Math.max(1, (many.peakRssBytes - few.peakRssBytes) / (USERS - FEW_USERS)) };
}

async function startServer(processes: Processes): Promise<string> {
  const program = fileURLToPath(new URL('answering-server.ts', import.meta.url));
  const server = await processes.serve([process.execPath, program], (stdout) => /^listening \d+$/m.test(stdout));
  return `http://127.0.0.1:${/^listening (\d+)$/m.exec(server.stdout())?.[1]}/`;
}
