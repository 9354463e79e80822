import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { EXIT, messageOf, StampedeError } from '../../errors.ts';

export interface ServerOptions {
  /** The program, a path or a name on PATH. */
  command: string;
  /** Prometheus' configuration, as an object. */
  config: unknown;
  /** Files to lay beside it, by name; the configuration may name them. */
  files?: Record<string, string>;
  flags?: readonly string[];
  signal?: AbortSignal;
}

/** A Prometheus of our own, on a free port of 127.0.0.1, whose data goes when it stops. */
export interface PrometheusServer {
  url: string;
  directory: string;
  /** Resolves with the reason when it ends by itself. */
  gone: Promise<string>;
  stop(): Promise<void>;
}

/** Starts Prometheus and waits until it is ready. Throws StampedeError with its last words when it does not come up. */
export async function startPrometheus(options: ServerOptions): Promise<PrometheusServer> {
  const directory = mkdtempSync(join(tmpdir(), 'stampede-prometheus-'));
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), text);
  writeFileSync(join(directory, 'prometheus.yml'), stringify(options.config));
  const port = await freePort();
  const child = spawn(
    options.command,
    [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--log.level=warn',
      ...(options.flags ?? []),
    ],
    { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // Whatever becomes of us, it must not stay.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2_000);
  });
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const stop = async () => {
    await end(child, gone);
    process.removeListener('exit', kill);
    rmSync(directory, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await ready(url, gone, options.signal);
  } catch (error) {
    await stop();
    const lines = said
      .trim()
      .split('\n')
      .filter((line) => line !== '');
    throw new StampedeError(
      'monitor/prometheus',
      `Prometheus (${options.command}) did not start: ${messageOf(error)}`,
      {
        exitCode: EXIT.environment,
        facts: lines.slice(-3),
        hint: `is ${options.command} installed? On Debian: apt-get install prometheus`,
        cause: error,
      },
    );
  }
  return { url, directory, gone, stop };
}

async function ready(url: string, gone: Promise<string>, signal: AbortSignal | undefined): Promise<void> {
  let ended: string | undefined;
  gone.then((how) => {
    ended = how;
  });
  for (const untilMs = Date.now() + READY_MS; Date.now() < untilMs; ) {
    signal?.throwIfAborted();
    if (ended !== undefined) throw new Error(`it ended at once (${ended})`);
    const isReady = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1_000) }).then(
      async (response) => {
        await response.text();
        return response.ok;
      },
      () => false,
    );
    if (isReady) return;
    await sleep(20);
  }
  throw new Error(`it was not ready within ${READY_MS / 1_000} s`);
}

async function end(child: ChildProcess, gone: Promise<string>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}

const READY_MS = 15_000;
const STOP_MS = 5_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
