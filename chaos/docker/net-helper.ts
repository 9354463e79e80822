import type { DockerEngine, Finished } from './docker-engine.ts';
import { EngineError } from './engine-error.ts';
import { HELPER_LABEL, helperName, needTools, TARGET_LABEL } from './helper.ts';
import { QDISC_HANDLE, ruleMark } from './net-marks.ts';

/**
 * A helper container in the network of a container: it holds NET_ADMIN so that the target need not, and it is the lease. It
 * sleeps for as long as the fault may last, takes what is ours away, and is gone; so does it when it is asked to end.
 */
export interface NetJob {
  /** The fault's id. */
  id: string;
  /** The id of the container whose network it is. */
  target: string;
  /** The image that has the tools. */
  image: string;
}

export async function startNetHelper(
  engine: DockerEngine,
  job: NetJob,
  leaseMs: number,
  signal: AbortSignal,
): Promise<void> {
  await needTools(engine, job.image, signal);
  const script = `trap : TERM\nsleep ${Math.ceil(leaseMs / 1_000)} & wait $!\n${liftScript(job.id)}`;
  await engine.run(netContainer(job, nameOf(job), script, true), signal);
}

/** Runs a program in the helper, to its end. */
export async function inNetHelper(
  engine: DockerEngine,
  job: NetJob,
  script: string,
  signal: AbortSignal,
): Promise<Finished> {
  return await engine.exec(nameOf(job), ['sh', '-c', script], signal);
}

/** As above; fails with the program's own words when it ends with anything but 0. */
export async function doInNetHelper(
  engine: DockerEngine,
  job: NetJob,
  script: string,
  signal: AbortSignal,
): Promise<string> {
  const { exitCode, output } = await inNetHelper(engine, job, script, signal);
  if (exitCode !== 0) throw new Error(`in the network of the container: ${output.trim() || `ended with ${exitCode}`}`);
  return output;
}

/** Runs a program in the network of a container without a helper that stays: to its end, then gone. */
export async function runInNetwork(
  engine: DockerEngine,
  job: NetJob,
  script: string,
  signal: AbortSignal,
): Promise<Finished> {
  await needTools(engine, job.image, signal);
  const helper = await engine.run(netContainer(job, `${nameOf(job)}-once`, script, false), signal);
  try {
    return await engine.finished(helper, signal);
  } finally {
    await engine.remove(helper, AbortSignal.timeout(REMOVE_MS)).catch(() => {});
  }
}

/** Takes what is ours out of the network of a container, whether a helper is still there or not; then the helper too. */
export async function liftNetFault(engine: DockerEngine, job: NetJob, signal: AbortSignal): Promise<void> {
  const state = await engine.find(job.target, signal);
  // The rules are gone with the network that they were in.
  if (state?.running) {
    const script = liftScript(job.id);
    const done = await engine.exec(nameOf(job), ['sh', '-c', script], signal).catch((error: unknown) => {
      if (error instanceof EngineError && (error.reason === 'unknown' || error.reason === 'conflict')) return undefined;
      throw error;
    });
    if (done === undefined || done.exitCode !== 0) await runInNetwork(engine, job, script, signal);
  }
  await engine.remove(nameOf(job), signal);
  await engine.remove(`${nameOf(job)}-once`, signal);
}

/** Only rules with our mark, and only the queueing discipline with our handle. */
export function liftScript(id: string): string {
  return `iptables-save -t filter | grep -E '${ruleMark(id)}("| |$)' | sed 's/^-A/-D/' | while read -r rule; do eval "iptables -w 5 $rule"; done
/sbin/tc qdisc show | grep 'tbf ${QDISC_HANDLE}:' | sed 's/.* dev \\([^ ]*\\) .*/\\1/' | while read -r device; do /sbin/tc qdisc del dev $device root; done`;
}

function netContainer({ id, target, image }: NetJob, name: string, script: string, autoRemove: boolean) {
  return {
    name,
    image,
    argv: ['sh', '-c', script],
    labels: { [HELPER_LABEL]: id, [TARGET_LABEL]: target },
    networkMode: `container:${target}`,
    capabilities: ['NET_ADMIN', 'NET_RAW'],
    autoRemove,
  };
}

/** A fault may have several targets: a helper each. */
function nameOf({ id, target }: NetJob): string {
  return `${helperName(id)}-${target.slice(0, 12)}`;
}

const REMOVE_MS = 10_000;
