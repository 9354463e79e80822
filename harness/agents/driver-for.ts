import type { Driver } from '../load/driver.ts';
import { wireDriver } from '../load/http1/wire-driver.ts';
import { undiciDriver } from '../load/undici-driver.ts';
import type { Plan } from '../scenario/plan.ts';

/** The driver that a plan asks for. `nowMs` is the run's clock. */
export function driverFor(plan: Plan, nowMs: () => number): Driver {
  const { driver, connections, localAddresses, http2, proxy, insecure } = plan.http;
  const most = connections === 'per-user' ? Number.POSITIVE_INFINITY : poolSize(plan);
  if (driver === 'wire') return wireDriver({ connections: most, localAddresses, nowMs });
  return undiciDriver({ connections: most, http2, insecure, nowMs, ...(proxy === undefined ? {} : { proxy }) });
}

/** Enough that requests do not queue behind one another, and well below the usual limit of open files. */
function poolSize(plan: Plan): number {
  return Math.max(64, Math.floor(8_192 / plan.agents));
}
