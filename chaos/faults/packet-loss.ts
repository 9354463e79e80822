import { z } from 'zod';
import { containerField, pinned } from '../docker/container-target.ts';
import { type NetTarget, netFault } from '../docker/net-fault.ts';
import { ruleMark } from '../docker/net-marks.ts';
import { countScript, type RuleCounts, readRuleCounts } from '../docker/rule-counts.ts';
import { untilProven } from '../docker/until-proven.ts';

const params = z.strictObject({
  node: containerField,
  percent: z.number().min(0.1).max(100).describe('packets that are lost, %, 0.1 to 100'),
  direction: z
    .enum(['in', 'out', 'both'])
    .default('in')
    .describe('in: packets to the container; out: packets from it; both; in unless told'),
});

export type PacketLossParams = z.input<typeof params>;

/** A share of the packets to or from a container is lost, drawn one by one. */
export const packetLoss = netFault<z.output<typeof params>>({
  kind: 'packet-loss',
  about: 'A share of the packets to a container, or from it, is lost, drawn packet by packet.',
  needs: 'a container on an engine',
  provenBy:
    "the kernel's count of packets lost, beside its count of all, pings of ours to the container's gateway among them",
  params,
  settings: ({ percent, direction }) => `${percent} % of packets, ${direction}`,
  capability: () => 'loss',

  script({ percent, direction }, mark) {
    const chains = direction === 'both' ? ['in', 'out'] : [direction];
    return chains
      .map((chain) => {
        const [name, outside] = chain === 'in' ? ['INPUT', '! -i lo'] : ['OUTPUT', '! -o lo'];
        const rule = `iptables -w 5 -I ${name} 1 ${outside} -m comment --comment ${mark}`;
        // In front of the one that takes, one that counts what comes to it.
        return `${rule} -m statistic --mode random --probability ${percent / 100} -j DROP && ${rule}`;
      })
      .join(' && ');
  },

  async prove({ percent }, run, target, _before, signal) {
    const mark = ruleMark(jobId(target));
    let first: RuleCounts | undefined;
    return await untilProven(signal, `the packets of ${target.name} could not be counted`, async () => {
      const counts = readRuleCounts(await run(`${pings(target)}${countScript(mark)}`));
      if (counts.seen === 0) return `no packet of ${target.name} was seen by the rules`;
      if (first === undefined || counts.seen < first.seen) {
        first = counts;
        return `the packets of ${target.name} could be counted once only`;
      }
      const seen = counts.seen - first.seen;
      const lost = counts.taken - first.taken;
      const share = (lost / Math.max(1, seen)) * 100;
      const evidence = `${target.name} lost ${lost} of ${seen} packets (${share.toFixed(share < 10 ? 1 : 0)} %)`;
      if ((seen * percent) / 100 < ENOUGH) return `${evidence}: too few to tell`;
      return share >= percent / 2 ? { proven: true, evidence } : { proven: false, evidence };
    });
  },
});

/** So many lost packets are expected before a share is believed. */
const ENOUGH = 8;

function jobId({ name, job }: NetTarget): string {
  if (job === undefined) throw new Error(`nothing was applied to ${name}`);
  return job.id;
}

/** A container that nobody talks to has packets too, then. */
function pings(target: NetTarget): string {
  const gateways = Object.values(pinned(target).networks).flatMap(({ gateway }) => (gateway === '' ? [] : [gateway]));
  return gateways
    .slice(0, 1)
    .map((gateway) => `ping -q -i 0.02 -c 60 -w 2 ${gateway} >/dev/null 2>&1\n`)
    .join('');
}
