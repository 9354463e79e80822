import { readFile } from 'node:fs/promises';
import { type Flags, parseFlags, USAGE } from './flags.ts';
import { startToxiproxy, type Toxiproxy } from './server.ts';
import { VERSION } from './version.ts';

const flags = readFlags();
if (flags.version) {
  process.stdout.write(`toxiproxy-server version ${VERSION}\n`);
  process.exit(0);
}

const server = await start(flags);
if (flags.config !== undefined) await loadConfig(server, flags.config);
process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());
if (flags.tether) process.stdin.once('end', () => void stop()).resume();
process.stdout.write(`${JSON.stringify({ event: 'listening', url: server.url })}\n`);

function readFlags(): Flags {
  try {
    return parseFlags(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${text(error)}\n${USAGE}`);
    process.exit(2);
  }
}

async function start({ host, port, proxyMetrics, seed }: Flags): Promise<Toxiproxy> {
  try {
    return await startToxiproxy({ host, port, proxyMetrics, ...(seed === undefined ? {} : { seed }) });
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const why = taken
      ? `port ${port} on ${host} is taken: stop what listens there, or choose another with -port`
      : `expected to listen on ${host}:${port}: ${text(error)}`;
    process.stderr.write(`toxiproxy: ${why}\n`);
    process.exit(4);
  }
}

/** A bad file is told and ignored, as in the original: the API is there to create the proxies. */
async function loadConfig(running: Toxiproxy, file: string): Promise<void> {
  try {
    const count = await running.populate(await readFile(file, 'utf8'));
    process.stderr.write(`toxiproxy: ${count} proxies from ${file}\n`);
  } catch (error) {
    process.stderr.write(`toxiproxy: not all proxies of ${file} were created: ${text(error)}\n`);
  }
}

async function stop(): Promise<void> {
  setTimeout(() => process.exit(0), 800).unref();
  await server.close();
  process.exit(0);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
