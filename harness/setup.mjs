// Runs before `npm start` and `npm test`, on any Node from 18 on: makes sure that the dependencies, and with them the
// pinned runtime, are there. Installs only when they are not, and says so.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

if (!installed()) {
  process.stderr.write('Installing dependencies and the pinned runtime (npm ci), about half a minute...\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // A failed or half-done install is told in full; a good one in a line.
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    process.stderr.write(
      `${result.stdout ?? ''}\nnpm ci failed (exit ${result.status}). Check the network and try again.\n`,
    );
    process.exit(4);
  }
  if (!installed()) {
    process.stderr.write(
      `The pinned runtime is missing after npm ci: its install script did not run.\nDo: npm rebuild node\n`,
    );
    process.exit(4);
  }
  process.stderr.write(`${result.stdout.trim().split('\n').at(-1) ?? ''}\n`);
}

/** The lock file npm keeps in node_modules is as new as ours, and the runtime answers with the version we pin. */
function installed() {
  const runtime = join(root, 'node_modules/node/bin/node');
  if (!existsSync(runtime) || !existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const have = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  for (const [path, { version, optional }] of Object.entries(want)) {
    if (path !== '' && !optional && have[path]?.version !== version) return false;
  }
  try {
    return execFileSync(runtime, ['--version'], { encoding: 'utf8' }).trim() === `v${dependencies.node}`;
  } catch {
    return false;
  }
}
