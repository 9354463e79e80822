/** Packets that rules of ours have counted: those they only saw, and those they took. */
export interface RuleCounts {
  seen: number;
  taken: number;
}

/** Lists the rules with a mark, with their counters, for `readRuleCounts`. */
export function countScript(mark: string): string {
  return `iptables-save -c -t filter | grep -E '${mark}("| |$)' || true`;
}

/** Lines as `[12:3456] -A INPUT ... -m comment --comment "stampede:x" -j DROP`; a rule without a target only counts. */
export function readRuleCounts(output: string): RuleCounts {
  let seen = 0;
  let taken = 0;
  for (const [, packets, rule] of output.matchAll(/^\[(\d+):\d+\] (-A .*)$/gm)) {
    if (/ -j (DROP|REJECT)/.test(rule ?? '')) taken += Number(packets);
    else seen += Number(packets);
  }
  return { seen, taken };
}
