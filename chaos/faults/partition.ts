import { z } from 'zod';
import { needCapability } from '../docker/capabilities.ts';
import { type ContainerTarget, containerBaseline, pin, resolveContainers } from '../docker/container-target.ts';
import { toolsImage } from '../docker/helper.ts';
import { applyNetFault, type NetTarget, netUndoOf, runnerOf } from '../docker/net-fault.ts';
import { runInNetwork } from '../docker/net-helper.ts';
import { ruleMark } from '../docker/net-marks.ts';
import { countScript, readRuleCounts } from '../docker/rule-counts.ts';
import { untilProven } from '../docker/until-proven.ts';
import type { FaultKind } from '../fault.ts';

const params = z.strictObject({
  from: z.string().min(1).describe('nodes that are containers, on one side: a name, or role=, service=, label=...'),
  to: z.string().min(1).describe('and those on the other side'),
  direction: z
    .enum(['both', 'out', 'in'])
    .default('both')
    .describe('both; out: what `from` sends to `to` is lost; in: what `to` sends to `from` is lost; both unless told'),
});

export type PartitionParams = z.input<typeof params>;

/** One side of a partition, with the other side. The rules are in the network of this one. */
interface PartitionTarget extends NetTarget {
  peers: [ContainerTarget, ...ContainerTarget[]];
}

/** Two services do not hear each other any more, or only one does not hear the other; both go on hearing all others. */
export const partition: FaultKind<z.output<typeof params>, PartitionTarget> = {
  kind: 'partition',
  family: 'network',
  about: 'Packets between two services are lost, both ways or one way; both still reach everybody else.',
  needs:
    'two containers on one engine, in a common network; an image with iptables on the engine (STAMPEDE_TOOLS_IMAGE), and a kernel that can do it',
  provenBy: 'a ping from the one to the other, that was answered before and is not now; the count of packets lost',
  undoneBy:
    'taking out the rules with our mark; a helper container in its network does so 10 s after the fault should have ended',
  params,

  resolve({ from, to }, topology) {
    const side = resolveContainers(from, topology);
    if (!side.ok) return side;
    const other = resolveContainers(to, topology);
    if (!other.ok) return other;
    const both = side.targets.find(({ name }) => other.targets.some((peer) => peer.name === name));
    if (both) return { ok: false, problem: `'${both.name}' is on both sides: nothing is cut off from itself` };
    const peers = other.targets;
    const between = (target: ContainerTarget): PartitionTarget => ({
      ...target,
      name: `${target.name}|${to}`,
      takes: `${target.takes}/partition-${to}`,
      peers,
    });
    const [first, ...others] = side.targets;
    return { ok: true, targets: [between(first), ...others.map(between)] };
  },

  settings: ({ from, to, direction }) => `${from} ${{ both: '<->', out: '->', in: '<-' }[direction]} ${to}`,
  async prepare(_, target, signal) {
    await pin(target, signal);
    await addressesOf(target, signal);
    await needCapability(target.engine, toolsImage(), 'drop', signal);
  },
  undoOf: (_, target, id) => netUndoOf(target, id),

  async baseline(target, signal) {
    const { container } = await containerBaseline(target, signal);
    if (container === undefined) return {};
    const ips = await addressesOf(target, signal);
    const job = { id: `ping-${performance.now().toFixed(0)}`, target: container.id, image: toolsImage() };
    const { output } = await runInNetwork(target.engine, job, pingScript(ips), signal);
    return { container: { ...container, reaches: ips.filter((ip) => output.includes(`${ip} answers`)) } };
  },

  async apply({ direction }, target, how) {
    const ips = await addressesOf(target, how.signal);
    const mark = ruleMark(how.id);
    const rules = ips.flatMap((ip) => [
      ...(direction === 'in' ? [] : [`OUTPUT 1 -d ${ip}`]),
      ...(direction === 'out' ? [] : [`INPUT 1 -s ${ip}`]),
    ]);
    const script = rules.map((rule) => `iptables -w 5 -I ${rule} -m comment --comment ${mark} -j DROP`).join(' && ');
    await applyNetFault(target, how, script);
  },

  async prove(_, target, before, signal) {
    const run = runnerOf(target, signal);
    const reached = before.applied.container?.reaches ?? [];
    return await untilProven(signal, `${target.name} could not be looked at`, async () => {
      // The other side may have been started again, with another address: then the rules are for nobody.
      const ips = await addressesOf(target, signal);
      const output = await run(`${pingScript(ips)}\n${countScript(ruleMark(target.job?.id ?? ''))}`);
      const answering = ips.filter((ip) => output.includes(`${ip} answers`));
      const { taken } = readRuleCounts(output);
      if (answering.length > 0) return `${target.name}: ${answering.join(', ')} still answers`;
      if (reached.length === 0) return `${target.name}: ${ips.join(', ')} did not answer before either`;
      return {
        proven: true,
        evidence: `${target.name}: ${ips.join(', ')} does not answer, ${taken} packets were lost`,
      };
    });
  },
};

/** The other side's addresses in the networks that both are in. */
async function addressesOf(target: PartitionTarget, signal: AbortSignal): Promise<string[]> {
  const networks = Object.keys((await target.engine.inspect(target.container, signal)).networks);
  const peers = await Promise.all(target.peers.map((peer) => peer.engine.inspect(peer.container, signal)));
  const ips = peers.flatMap((peer) =>
    networks.flatMap((network) => {
      const ip = peer.networks[network]?.ip;
      return ip ? [ip] : [];
    }),
  );
  if (ips.length === 0) throw new Error(`${target.name} are in no common network: there is nothing to cut`);
  return ips;
}

/** All at the same time: one that does not answer takes a second. */
function pingScript(ips: string[]): string {
  return `${ips.map((ip) => `(ping -c 1 -W 1 ${ip} >/dev/null 2>&1 && echo "${ip} answers") &`).join('\n')}\nwait`;
}
