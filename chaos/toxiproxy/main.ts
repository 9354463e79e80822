import { errorText } from './error-text.ts';
import { type Flags, parseFlags, USAGE } from './flags.ts';
import { LEVELS, Log, parseLevel } from './log.ts';
import { startToxiproxy, type Toxiproxy } from './server.ts';
import { VERSION } from './version.ts';

const flags = readFlags();
if (flags.help) {
  process.stderr.write(USAGE);
  process.exit(0);
}
if (flags.version) {
  process.stdout.write(`toxiproxy-server version ${VERSION}\n`);
  process.exit(0);
}

const log = openLog(flags);
log.info('Starting Toxiproxy', { version: VERSION });
const server = await start(flags);
if (flags.tether) process.stdout.write(`${JSON.stringify({ event: 'listening', url: server.url })}\n`);
log.info('Starting Toxiproxy HTTP server', { address: new URL(server.url).host });
// A second signal, as from a terminal and from who was asked to pass it on, changes nothing.
let stopping: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
if (flags.tether) process.stdin.once('end', () => void stop()).resume();

function readFlags(): Flags {
  try {
    return parseFlags(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n${USAGE}`);
    process.exit(2);
  }
}

/** As the original: everything, on standard output. A program at the other end of a tether reads the address there. */
function openLog({ tether }: Flags): Log {
  const text = process.env.LOG_LEVEL;
  const level = text === undefined ? undefined : parseLevel(text);
  const output = tether ? process.stderr : process.stdout;
  const opened = new Log(level ?? (tether ? 'warn' : 'trace'), (line) => void output.write(line));
  if (text !== undefined && level === undefined) {
    opened.error(`unknown LOG_LEVEL value: "${text}"`, { error: `expected one of ${LEVELS.join(', ')}` });
  }
  return opened;
}

async function start({ host, port, config, proxyMetrics, runtimeMetrics, seed }: Flags): Promise<Toxiproxy> {
  try {
    return await startToxiproxy({ host, port, config, proxyMetrics, runtimeMetrics, seed, log });
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const why = taken
      ? `port ${port} on ${host} is taken: stop what listens there, or choose another with -port`
      : `expected to listen on ${host}:${port}: ${errorText(error)}`;
    process.stderr.write(`toxiproxy: ${why}\n`);
    process.exit(4);
  }
}

function stop(): Promise<void> {
  stopping ??= (async () => {
    log.info('Shutdown started');
    await server.close();
    process.exit(0);
  })();
  return stopping;
}
