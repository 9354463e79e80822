import { driverFor } from '../agents/driver-for.ts';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import type { Journal } from '../journal.ts';
import { nonceOf } from '../load/nonce.ts';
import { Recorder } from '../load/recorder.ts';
import { TimerWheel } from '../load/timer-wheel.ts';
import type { User } from '../load/user.ts';
import { VirtualUser } from '../load/virtual-user.ts';
import { loadHooks } from '../scenario/load-file.ts';
import type { Plan } from '../scenario/plan.ts';
import type { Target } from '../targets/target.ts';

/**
 * A scenario's `setup` and `teardown`, run once by the coordinator with a user of their own whose requests are not
 * counted. What `setup` returns crosses to the agents, so it is plain data.
 */
export async function hooksOf(
  plan: Plan,
  target: Target,
  journal: Journal,
): Promise<{ setup: () => Promise<unknown>; teardown: (setup: unknown) => Promise<void> }> {
  const { setup, teardown } = await loadHooks(plan.file);
  return {
    async setup() {
      if (!setup) return undefined;
      try {
        return structuredClone(await asUser(plan, target, undefined, 'setup', setup));
      } catch (error) {
        throw new StampedeError('scenario/setup-failed', `The scenario's setup failed: ${messageOf(error)}.`, {
          exitCode: EXIT.environment,
          cause: error,
        });
      }
    },
    async teardown(data) {
      if (!teardown) return;
      await asUser(plan, target, data, 'teardown', teardown).catch((error: unknown) =>
        journal.write({ kind: 'warning', text: `the scenario's teardown failed: ${messageOf(error)}` }),
      );
    },
  };
}

async function asUser<Result>(
  plan: Plan,
  target: Target,
  setup: unknown,
  name: string,
  hook: (user: User) => Promise<Result>,
): Promise<Result> {
  const nowMs = () => performance.now();
  const driver = driverFor(plan, nowMs);
  const wheel = new TimerWheel(nowMs);
  const { origin, pathname } = new URL(target.entry);
  const shared = {
    driver,
    nowMs,
    wheel,
    setup,
    origin,
    recorder: new Recorder(),
    pathPrefix: pathname.replace(/\/$/, ''),
    seed: plan.seed,
    nonce: nonceOf(plan.nonce),
    takeOwner: () => undefined,
    over: () => false,
    onFlight: () => {},
  };
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${name} took longer than ${HOOK_MS / 1_000} s`)), HOOK_MS);
  try {
    return await Promise.race([hook(new VirtualUser(shared, name, 0, nowMs())), late.promise]);
  } finally {
    clearTimeout(timer);
    wheel.stop();
    await driver.close();
  }
}

const HOOK_MS = 120_000;
