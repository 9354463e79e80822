import type { DockerEngine } from './docker-engine.ts';
import { HELPER_LABEL, helperName, needTools, TARGET_LABEL } from './helper.ts';

/**
 * A limit on what a container may write to a disk. The engine sets one only when it makes a container, so it is written
 * where the engine would have written it: into the container's control group, of either version, by a helper container
 * that sees the control groups of the engine's machine.
 */
export interface DiskJob {
  id: string;
  /** The id of the container. */
  target: string;
  /** Its main process, on the engine's machine. */
  pid: number;
  image: string;
}

/** The disk that the engine keeps writable layers on, and the limit that the container has there; 0 is none. */
export interface DiskLimit {
  device: string;
  bytesPerSec: number;
}

export async function readDiskLimit(engine: DockerEngine, job: DiskJob, signal: AbortSignal): Promise<DiskLimit> {
  const output = await onMachine(engine, job, `${FIND_DEVICE}\n${findGroup(job.pid)}\n${READ_LIMIT}`, signal);
  const [, device, bytesPerSec] = /limit (\d+:\d+) (\d+)/.exec(output) ?? [];
  if (device === undefined) throw new Error(`the disk of the engine cannot be told: ${output.trim() || 'no answer'}`);
  return { device, bytesPerSec: Number(bytesPerSec) };
}

/** Sets a limit; 0 lifts it. A container that has ended has none. */
export async function writeDiskLimit(
  engine: DockerEngine,
  job: DiskJob,
  limit: DiskLimit,
  signal: AbortSignal,
): Promise<void> {
  await onMachine(engine, job, `${findGroup(job.pid)}\n${writeLimit(limit)}`, signal);
}

/** Seconds that a direct write of so many bytes takes, in the container's own control group. */
export async function timeWrite(
  engine: DockerEngine,
  job: DiskJob,
  bytes: number,
  signal: AbortSignal,
): Promise<number> {
  const blocks = Math.max(1, Math.round(bytes / BLOCK_BYTES));
  const script = `${findGroup(job.pid)}
echo $$ > "$group/cgroup.procs"
cut -d' ' -f1 /proc/uptime
dd if=/dev/zero of=/stampede-write bs=${BLOCK_BYTES} count=${blocks} oflag=direct 2>/dev/null || echo "no direct writes"
cut -d' ' -f1 /proc/uptime
rm -f /stampede-write`;
  const output = await onMachine(engine, job, script, signal);
  const [from, to] = output.split('\n').map(Number);
  if (from === undefined || to === undefined || !(to >= from)) throw new Error(`a write could not be timed: ${output}`);
  return to - from;
}

/** A helper that sets the limit back by itself when its time is over, or when it is asked to end. */
export async function startDiskLease(
  engine: DockerEngine,
  job: DiskJob,
  before: DiskLimit,
  leaseMs: number,
  signal: AbortSignal,
): Promise<void> {
  await needTools(engine, job.image, signal);
  const wait = `trap : TERM\nsleep ${Math.ceil(leaseMs / 1_000)} & wait $!`;
  const script = `${findGroup(job.pid)}\n${wait}\n${writeLimit(before)}`;
  await engine.run(
    { ...(await container(engine, job, script, signal)), name: leaseName(job), autoRemove: true },
    signal,
  );
}

export async function endDiskLease(engine: DockerEngine, job: DiskJob, signal: AbortSignal): Promise<void> {
  await engine.remove(leaseName(job), signal);
}

async function onMachine(engine: DockerEngine, job: DiskJob, script: string, signal: AbortSignal): Promise<string> {
  await needTools(engine, job.image, signal);
  const helper = await engine.run(await container(engine, job, script, signal), signal);
  try {
    const { exitCode, output } = await engine.finished(helper, signal);
    if (exitCode !== 0) throw new Error(`on the engine's machine: ${output.trim() || `ended with ${exitCode}`}`);
    return output;
  } finally {
    await engine.remove(helper, AbortSignal.timeout(REMOVE_MS)).catch(() => {});
  }
}

async function container(engine: DockerEngine, { id, target, image }: DiskJob, script: string, signal: AbortSignal) {
  return {
    name: `${helperName(id)}-disk-${target.slice(0, 12)}-${++count}`,
    image,
    argv: ['sh', '-c', script],
    labels: { [HELPER_LABEL]: id, [TARGET_LABEL]: target },
    networkMode: 'none',
    pidMode: 'host',
    cgroupnsMode: 'host' as const,
    binds: ['/sys/fs/cgroup:/sys/fs/cgroup', `${await engine.rootDirectory(signal)}:/engine:ro`],
    autoRemove: false,
  };
}

/** Known to every process, so that any can end it. */
function leaseName({ id, target }: DiskJob): string {
  return `${helperName(id)}-lease-${target.slice(0, 12)}`;
}

/** The whole disk: limits on a part of one are refused. Device 0 is no disk, but a file system's own number. */
const FIND_DEVICE = `number=$(stat -c %d /engine)
major=$(( (number >> 8) & 4095 )); minor=$(( (number & 255) | ((number >> 12) & 1048320) ))
block=/sys/dev/block/$major:$minor
if [ $major = 0 ] || [ ! -e $block ]; then echo "its files are on no disk of its own ($major:$minor)"; exit 1; fi
if [ -e $block/partition ]; then device=$(cat $(readlink -f $block)/../dev); else device=$major:$minor; fi`;

/** `$group` is the folder, `$version` 1 or 2. */
function findGroup(pid: number): string {
  return `[ -e /proc/${pid}/cgroup ] || { echo "process ${pid} has ended"; exit 0; }
path=$(sed -n 's/^[0-9]*:[^:]*\\bblkio\\b[^:]*:\\(.*\\)$/\\1/p' /proc/${pid}/cgroup)
if [ -n "$path" ]; then group=/sys/fs/cgroup/blkio$path; version=1
else group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/${pid}/cgroup); version=2; fi`;
}

const READ_LIMIT = `if [ $version = 1 ]; then bytes=$(sed -n "s/^$device //p" $group/blkio.throttle.write_bps_device)
else bytes=$(sed -n "s/^$device .*wbps=\\([0-9]*\\).*/\\1/p" $group/io.max); fi
echo "limit $device \${bytes:-0}"`;

function writeLimit({ device, bytesPerSec }: DiskLimit): string {
  const second = bytesPerSec === 0 ? 'max' : String(bytesPerSec);
  return `[ -e "$group" ] || exit 0
if [ $version = 1 ]; then echo "${device} ${bytesPerSec}" > $group/blkio.throttle.write_bps_device
else echo "${device} wbps=${second}" > $group/io.max; fi`;
}

const BLOCK_BYTES = 16_384;
const REMOVE_MS = 10_000;
let count = 0;
