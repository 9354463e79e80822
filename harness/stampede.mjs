#!/usr/bin/env node
// The launcher: runs the command line on the pinned runtime, whatever Node it was itself started with.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const pinned = join(here, '../node_modules/node/bin/node');
const major = Number(process.versions.node.split('.')[0]);
if (!existsSync(pinned) && major < 24) {
  process.stderr.write(
    `Stampede needs Node 24 or newer, and this is ${process.version}. In its folder, npm start installs the right one.\n`,
  );
  process.exit(4);
}

const runtime = existsSync(pinned) ? pinned : process.execPath;
// Every process of ours starts in half the time when it finds what the last one compiled. As places.ts has it.
const env = { NODE_COMPILE_CACHE: join(here, '../node_modules/.cache/stampede'), ...process.env };
const child = spawn(
  runtime,
  ['--disable-warning=ExperimentalWarning', join(here, 'cli.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit', env },
);
// The terminal sends Ctrl-C to both of us; what it means is for the child to say. Signals from elsewhere are passed on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`${runtime} does not run: ${error.message}\n`);
  process.exit(4);
});
child.on('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 1);
});
