import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AimedFault } from '../catalogue.ts';
import type { Baselines } from '../fault.ts';
import type { UndoStep } from '../undo.ts';
import { soon } from './testing-aim.ts';

interface Injected {
  fault: AimedFault;
  step: UndoStep;
  before: Baselines;
}

/** All that comes before a proof, in the order of a run. */
export async function injected(fault: AimedFault, id = 'stampede-test'): Promise<Injected> {
  await fault.prepare(soon());
  const step = fault.undoOf(id);
  const before = { armed: {}, applied: await fault.baseline(soon()) };
  await fault.apply({ id, forMs: 60_000, signal: soon() });
  return { fault, step, before };
}

export async function untilAnswers(ip: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (performance.now() < deadlineMs) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(80, ip);
      socket.setTimeout(500, () => socket.destroy());
      socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
      socket.on('data', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
    });
    if (answered) return;
    await sleep(100);
  }
  throw new Error(`${ip}:80 does not answer within 10 s`);
}
