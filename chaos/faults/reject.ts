import { z } from 'zod';
import { containerBaseline, containerField } from '../docker/container-target.ts';
import { knockAt } from '../docker/door.ts';
import { netFault } from '../docker/net-fault.ts';
import { ruleMark } from '../docker/net-marks.ts';
import { countScript, readRuleCounts } from '../docker/rule-counts.ts';
import { untilProven } from '../docker/until-proven.ts';

const params = z.strictObject({
  node: containerField,
  port: z.number().int().min(1).max(65_535).optional().describe('the TCP port, 1 to 65,535; all of them unless told'),
  how: z
    .enum(['reset', 'drop'])
    .default('reset')
    .describe('reset: refused at once, open connections are cut; drop: nothing comes back; reset unless told'),
});

export type RejectParams = z.input<typeof params>;

/** A container runs, and cannot be reached over TCP: it refuses, or is silent. What it calls itself goes on. */
export const reject = netFault<z.output<typeof params>>({
  kind: 'reject',
  about:
    'A container cannot be reached over TCP: it refuses connections and cuts open ones, or nothing comes back at all.',
  needs: 'a container on an engine',
  provenBy: "no connection accepted at its door where there was one before, and the kernel's count of packets refused",
  params,
  settings: ({ port, how }) => `${how} ${port === undefined ? 'all TCP' : `port ${port}`}`,
  capability: ({ how }) => (how === 'reset' ? 'reject' : 'drop'),

  script({ port, how }, mark) {
    const what = `! -i lo -p tcp${port === undefined ? '' : ` --dport ${port}`} -m comment --comment ${mark}`;
    // All that belongs to connections it made itself still comes in.
    const answers = port === undefined ? ' -m conntrack --ctdir ORIGINAL' : '';
    return `iptables -w 5 -I INPUT 1 ${what}${answers} -j ${how === 'drop' ? 'DROP' : 'REJECT --reject-with tcp-reset'}`;
  },

  baseline: containerBaseline,

  async prove(_, run, target, before, signal) {
    const door = before.applied.container?.door;
    return await untilProven(signal, `${target.name} could not be looked at`, async () => {
      const knock = door && (await knockAt(door.address, signal));
      const mark = ruleMark(target.job?.id ?? '');
      const { taken } = readRuleCounts(await run(countScript(mark)));
      const counted = `${taken} packets refused`;
      if (door && knock !== 'closed') return `${door.address} of ${target.name} still accepts connections (${counted})`;
      if (taken === 0) return `nobody has tried to reach ${target.name}`;
      const at = door ? `, and ${door.address} accepts no connection` : '';
      return { proven: true, evidence: `${target.name}: ${counted}${at}` };
    });
  },
});
