import type { DockerEngine } from './docker-engine.ts';
import { needTools } from './helper.ts';

/** What the engine's kernel can do to packets. Each is tried, in a network of its own that nobody else is in. */
const TRIALS = {
  tbf: '/sbin/tc qdisc add dev lo root tbf rate 1mbit burst 32kb latency 100ms && /sbin/tc qdisc del dev lo root',
  netem: '/sbin/tc qdisc add dev lo root netem delay 1ms && /sbin/tc qdisc del dev lo root',
  drop: 'iptables -w 5 -A INPUT -s 192.0.2.1 -m comment --comment stampede:trial -j DROP',
  loss: 'iptables -w 5 -A INPUT -s 192.0.2.1 -m statistic --mode random --probability 0.5 -j DROP',
  reject: 'iptables -w 5 -A INPUT -s 192.0.2.1 -p tcp -j REJECT --reject-with tcp-reset',
} as const;

export type NetCapability = keyof typeof TRIALS;

/** Undefined where it can be done, else the kernel's own words. */
export type NetCapabilities = Record<NetCapability, string | undefined>;

export async function netCapabilities(
  engine: DockerEngine,
  image: string,
  signal: AbortSignal,
): Promise<NetCapabilities> {
  await needTools(engine, image, signal);
  const lines = Object.entries(TRIALS).map(
    ([name, trial]) => `if said=$( (${trial}) 2>&1 ); then echo "${name} yes"; else echo "${name} no" $said; fi`,
  );
  const helper = await engine.run(
    {
      name: `stampede-helper-trial-${process.pid}-${++trials}`,
      image,
      argv: ['sh', '-c', lines.join('\n')],
      labels: { 'stampede.fault': 'trial' },
      networkMode: 'none',
      capabilities: ['NET_ADMIN'],
      autoRemove: false,
    },
    signal,
  );
  try {
    const { output } = await engine.finished(helper, signal);
    return {
      tbf: lackOf('tbf', output),
      netem: lackOf('netem', output),
      drop: lackOf('drop', output),
      loss: lackOf('loss', output),
      reject: lackOf('reject', output),
    };
  } finally {
    await engine.remove(helper, AbortSignal.timeout(10_000)).catch(() => {});
  }
}

/** Throws, before anything is applied, where the engine's kernel lacks what a fault needs. */
export async function needCapability(
  engine: DockerEngine,
  image: string,
  needed: NetCapability,
  signal: AbortSignal,
): Promise<void> {
  const key = `${engine.address} ${image}`;
  const known = checked.get(key) ?? (await netCapabilities(engine, image, signal));
  checked.set(key, known);
  const lack = known[needed];
  if (lack !== undefined) {
    throw new Error(
      `the kernel of the engine at ${engine.address} cannot do this (${needed}: ${lack}); nothing was applied`,
    );
  }
}

function lackOf(name: NetCapability, output: string): string | undefined {
  const line = output.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (line === `${name} yes`) return undefined;
  return line?.slice(`${name} no`.length).trim() || 'no answer';
}

/** A kernel does not learn while we run. */
const checked = new Map<string, NetCapabilities>();
let trials = 0;
