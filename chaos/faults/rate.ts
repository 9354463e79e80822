import { z } from 'zod';
import { containerField } from '../docker/container-target.ts';
import { netFault } from '../docker/net-fault.ts';
import { QDISC_HANDLE } from '../docker/net-marks.ts';
import { untilProven } from '../docker/until-proven.ts';

const params = z.strictObject({
  node: containerField,
  kbPerSec: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .describe('what it may send on each of its networks, KB/s (1 KB = 1000 bytes), 1 to 10,000,000'),
});

export type RateParams = z.input<typeof params>;

/** A container sends so much and no more, over all its connections together: a token bucket on each of its interfaces. */
export const rate = netFault<z.output<typeof params>>({
  kind: 'rate',
  about:
    'A container sends kbPerSec and no more, all its connections together; what is more waits, up to 400 ms, or is lost.',
  needs: 'a container on an engine, that wants to send more than that',
  provenBy: "the bytes it really sends in a second, and the kernel's count of packets that had to wait, growing",
  params,
  settings: ({ kbPerSec }) => `${kbPerSec.toLocaleString('en-US')} KB/s`,
  capability: () => 'tbf',

  script({ kbPerSec }) {
    // A fiftieth of a second's worth at once, and room for two packets at least.
    const burst = Math.max(4_000, Math.round((kbPerSec * 1_000) / 50));
    const bucket = `tbf rate ${kbPerSec * 8}kbit burst ${burst} latency 400ms`;
    // A discipline that the kernel gave has the handle 0.
    return `set -e
devices=$(ls /sys/class/net | grep -v '^lo$')
for device in $devices; do
  if /sbin/tc qdisc show dev $device | grep -v ' 0: '; then echo "$device has a queueing discipline already"; exit 1; fi
done
for device in $devices; do /sbin/tc qdisc add dev $device root handle ${QDISC_HANDLE}: ${bucket}; done`;
  },

  prove: ({ kbPerSec }, run, target, _before, signal) =>
    untilProven(signal, `what ${target.name} sends could not be read`, async () => {
      const [first, second] = readings(await run(`${READ}; sleep 1; ${READ}`));
      if (!first || !second) return { proven: false, evidence: `${target.name} has no limit any more` };
      const perSec = (second.bytes - first.bytes) / (second.uptimeSec - first.uptimeSec) / 1_000;
      const waited = second.overlimits - first.overlimits;
      const sends = `${target.name} sends ${perSec < 10 ? perSec.toFixed(1) : Math.round(perSec)} KB/s`;
      if (perSec > kbPerSec * TOLERANCE) return `${sends}, more than its limit`;
      if (waited === 0) return `${sends}, and nothing had to wait: it wants no more than it gets`;
      return { proven: true, evidence: `${sends}, and packets had to wait ${waited} times` };
    }),
});

const READ = `cut -d' ' -f1 /proc/uptime; /sbin/tc -s qdisc show | grep -A1 'tbf ${QDISC_HANDLE}:'; echo end`;
/** What a second's reading is off by, and what the bucket had saved. */
const TOLERANCE = 1.3;

interface Reading {
  uptimeSec: number;
  bytes: number;
  overlimits: number;
}

/** All interfaces together; none where the discipline is gone. */
function readings(output: string): (Reading | undefined)[] {
  return output.split(/^end$/m).map((part) => {
    const sent = [...part.matchAll(/Sent (\d+) bytes \d+ pkt \(dropped \d+, overlimits (\d+)/g)];
    if (sent.length === 0) return undefined;
    return {
      uptimeSec: Number.parseFloat(part.trim()),
      bytes: sent.reduce((sum, [, bytes]) => sum + Number(bytes), 0),
      overlimits: sent.reduce((sum, [, , overlimits]) => sum + Number(overlimits), 0),
    };
  });
}
