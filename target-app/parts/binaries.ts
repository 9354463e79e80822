import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs the real parts are made of, where Debian puts them when that is not on PATH, and the package they are in. */
const PROGRAMS = {
  haproxy: { package: 'haproxy', folders: ['/usr/sbin'] },
  varnishd: { package: 'varnish', folders: ['/usr/sbin'] },
  varnishstat: { package: 'varnish', folders: ['/usr/bin'] },
  nginx: { package: 'nginx-light', folders: ['/usr/sbin'] },
  'redis-server': { package: 'redis-server', folders: ['/usr/bin'] },
  // What Debian has on PATH wants to be root or the user rabbitmq, and has folders of its own; this is the server itself.
  'rabbitmq-server': { package: 'rabbitmq-server', folders: ['/usr/lib/rabbitmq/bin'], foldersFirst: true },
  epmd: { package: 'rabbitmq-server', folders: ['/usr/bin'] },
} as const satisfies Record<string, { package: string; folders: readonly string[]; foldersFirst?: boolean }>;

export type Program = keyof typeof PROGRAMS;

/** Where a program is, or `undefined`. */
export function findProgram(program: Program, path = process.env.PATH ?? ''): string | undefined {
  const known: { folders: readonly string[]; foldersFirst?: boolean } = PROGRAMS[program];
  const onPath = path.split(delimiter).filter((folder) => folder !== '');
  const folders = known.foldersFirst === true ? [...known.folders, ...onPath] : [...onPath, ...known.folders];
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

/** All that are missing, with the Debian package to get each from. */
export function missingPrograms(programs: readonly Program[]): { program: Program; package: string }[] {
  return programs
    .filter((program) => findProgram(program) === undefined)
    .map((program) => ({ program, package: PROGRAMS[program].package }));
}

function isProgram(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
