import type { ClosedGroupSpec } from './closed-group.ts';
import { LoadEngine, type LoadGroup } from './engine.ts';
import { wireDriver } from './http1/wire-driver.ts';
import { Recorder } from './recorder.ts';
import type { CurvePoint } from './schedule.ts';
import type { Share } from './share.ts';
import type { Reply } from './testing-server.ts';

/** Test support: every request is answered with 200 and `ok`. */
export const ok: Reply = (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');

/** A curve from pairs of time and value. */
export function steps(...points: [tMs: number, value: number][]): CurvePoint[] {
  return points.map(([tMs, value]) => ({ tMs, value }));
}

/** An engine that runs one group called `people`, from now on, and what it records. */
export function playing(
  origin: string,
  spec: Partial<ClosedGroupSpec> & Pick<ClosedGroupSpec, 'flow' | 'curve'>,
  share: Share = { index: 0, of: 1 },
): { engine: LoadEngine; recorder: Recorder } {
  return start(origin, { model: 'users', name: 'people', graceMs: 30_000, ...spec }, share);
}

/** The same for any group. */
export function start(
  origin: string,
  group: LoadGroup,
  share: Share = { index: 0, of: 1 },
  setup?: unknown,
): { engine: LoadEngine; recorder: Recorder } {
  const recorder = new Recorder();
  const driver = wireDriver({ connections: 64, nowMs: () => performance.now() });
  const engine = new LoadEngine({
    groups: [group],
    share,
    seed: 1,
    nonce: 'test',
    baseUrl: new URL(origin),
    driver,
    recorder,
    nowMs: () => performance.now(),
    startMs: performance.now(),
    durationMs: group.curve.at(-1)?.tMs ?? 0,
    setup,
  });
  engine.start();
  engine.finished.then(() => driver.close());
  return { engine, recorder };
}
