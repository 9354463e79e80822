import type { DockerEngine } from './docker-engine.ts';

/**
 * Helper containers: what the engine itself cannot do is done by short programs in containers of ours, beside the target:
 * in its network, or among the processes of the engine's machine. Each is labelled, so that it is found whoever left it.
 */

/** The fault's id. */
export const HELPER_LABEL = 'stampede.fault';
/** The id of the container that the fault is on. */
export const TARGET_LABEL = 'stampede.target';

/** An image with sh, tc, iptables, ping, nc and dd: `STAMPEDE_TOOLS_IMAGE`, or the one that chaos/docker/tools makes. */
export function toolsImage(env: Record<string, string | undefined> = process.env): string {
  return env.STAMPEDE_TOOLS_IMAGE || 'stampede-tools';
}

interface MachineJob {
  id: string;
  target?: string;
  image: string;
  script: string;
  capabilities?: string[];
}

/** Runs a program among the processes of the engine's machine, to its end. */
export async function runOnMachine(
  engine: DockerEngine,
  { id, target = '', image, script, capabilities = ['KILL'] }: MachineJob,
  signal: AbortSignal,
): Promise<string> {
  await needTools(engine, image, signal);
  const helper = await engine.run(
    {
      name: helperName(id),
      image,
      argv: ['sh', '-c', script],
      labels: { [HELPER_LABEL]: id, [TARGET_LABEL]: target },
      networkMode: 'none',
      pidMode: 'host',
      capabilities,
      autoRemove: false,
    },
    signal,
  );
  try {
    const { exitCode, output } = await engine.finished(helper, signal);
    if (exitCode !== 0) throw new Error(`'${script}' on the engine's machine ended with ${exitCode}: ${output.trim()}`);
    return output;
  } finally {
    await engine.remove(helper, AbortSignal.timeout(REMOVE_MS)).catch(() => {});
  }
}

export async function needTools(engine: DockerEngine, image: string, signal: AbortSignal): Promise<void> {
  if (await engine.hasImage(image, signal)) return;
  throw new Error(
    `the engine has no image '${image}', whose tools this needs: docker build -t ${image} chaos/docker/tools, or name another with STAMPEDE_TOOLS_IMAGE`,
  );
}

/** Names may hold letters, digits, and _ . - only. */
export function helperName(id: string): string {
  return `stampede-helper-${id.replace(/[^a-zA-Z0-9_.-]/g, '-')}`;
}

const REMOVE_MS = 10_000;
