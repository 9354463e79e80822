import { spawnSync } from 'node:child_process';
import type { Missing, OriginalToxiproxy } from '../case.ts';

/** Asks a toxiproxy-server what it is. One that `go install` built calls itself `git`; Go knows its module's version. */
export function originalToxiproxy(path: string): OriginalToxiproxy | Missing {
  const said = output(path, ['-version']);
  const version = /^toxiproxy-server version (\S+)$/m.exec(said)?.[1];
  if (version === undefined) return { missing: `expected the version of toxiproxy-server from ${path}, got '${said}'` };
  const built = /^\s*mod\s+\S*toxiproxy\S*\s+v(\S+)/m;
  return {
    path,
    version: version === 'git' ? (built.exec(output('go', ['version', '-m', path]))?.[1] ?? 'git') : version,
  };
}

function output(program: string, args: string[]): string {
  const { stdout, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
  return error ? error.message : stdout.trim();
}
