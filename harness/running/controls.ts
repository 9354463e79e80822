import type { Controls } from './control-server.ts';
import type { Ended, Running } from './running.ts';
import type { Steering } from './steering.ts';

/** What a person can do to a run that is under way; every order is an event of the journal. */
export function controlsOf(
  { plan, load, clock, id, embedded }: Running,
  steering: Steering,
  startMs: number,
  end: (ended: Ended) => void,
): Controls {
  const groups = plan.loads.filter((each) => each.model === 'users').map((each) => each.name);
  const nowMs = () => clock.nowMs() - startMs;
  const told = (what: string) => {
    load.adjust(what, steering.course);
    return what;
  };
  return {
    users(to, wanted, overMs) {
      const group = wanted ?? (groups.length === 1 ? groups[0] : undefined);
      if (group === undefined || !groups.includes(group)) {
        const names =
          groups.length === 0 ? 'this scenario has no users' : `the groups of users are ${groups.join(', ')}`;
        throw new Error(wanted === undefined ? `which group? ${names}` : `no group is called '${wanted}'; ${names}`);
      }
      steering.users(nowMs(), group, to, overMs);
      return told(`${to.toLocaleString('en-US')} ${group} in ${overMs / 1_000} s, then held`);
    },
    hold() {
      if (steering.held) return 'held already';
      steering.hold(nowMs());
      return told('held where it is');
    },
    resume() {
      if (!steering.held) return 'not held';
      steering.resume(nowMs());
      return told('the plan goes on');
    },
    stop(reason) {
      end({ reason: 'stopped', why: reason });
      return 'stopping: draining requests and healing faults';
    },
    cutOffMonitor: (ttlMs) => embedded.cutOff(ttlMs),
    restoreMonitor: () => embedded.restore(),
    monitor: () => ({ cutOff: embedded.isCutOff(), gaps: embedded.gaps() }),
    status: () => ({ id, scenario: plan.name, held: steering.held, planMs: steering.planMs(nowMs()) }),
  };
}
