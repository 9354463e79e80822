import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { heal } from '../heal.ts';
import { type FaultEvent, runTimeline } from '../timeline.ts';
import { openUndoJournal, pendingUndos } from '../undo-journal.ts';
import { aimAt, soon } from './testing-aim.ts';
import type { FakeContainer } from './testing-fake-container.ts';
import { type FakeEngine, startFakeEngine } from './testing-fake-engine.ts';

let engine: FakeEngine;
let container: FakeContainer;
let directory: string;

beforeEach(async () => {
  engine = await startFakeEngine();
  container = engine.add('a');
  directory = mkdtempSync(join(tmpdir(), 'containers-'));
});
afterEach(async () => {
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

async function play(
  kind: string,
  params: Record<string, unknown>,
  onEvent = (_: FaultEvent) => {},
): Promise<FaultEvent[]> {
  const events: FaultEvent[] = [];
  const journal = openUndoJournal(directory, 'run');
  const zero = performance.now();
  await runTimeline({
    faults: [{ id: 'stampede-test', name: 'the-fault', atMs: 50, forMs: 600, fault: aimAt(engine, kind, params) }],
    journal,
    nowMs: () => performance.now() - zero,
    sleepUntil: (tMs, signal) => sleep(Math.max(0, tMs - (performance.now() - zero)), undefined, { signal }),
    onEvent(event) {
      events.push(event);
      onEvent(event);
    },
    signal: new AbortController().signal,
  });
  journal.close();
  return events;
}

it('a fault on a container lives as any other', async () => {
  const events = await play('pause', { node: 'a' }, ({ state }) => {
    if (state === 'proven') expect(container.status).toBe('paused');
  });
  const life = ['requested', 'resolved', 'recorded', 'applied', 'proven', 'undo requested', 'undone', 'clean'];
  expect(events.map(({ state }) => state)).toEqual(life);
  expect(container.status).toBe('running');
  expect(pendingUndos(directory)).toEqual([]);
});

it('what cannot be looked up is not recorded and not applied', async () => {
  const events = await play('pause', { node: 'nobody' });
  expect(events.map(({ state, evidence }) => [state, evidence])).toEqual([
    ['requested', undefined],
    ['failed', "not injected: no such container 'nobody'. There are: a"],
  ]);
  expect(engine.calls).toEqual([]);
  expect(pendingUndos(directory)).toEqual([]);
});

it('a container that vanishes mid-fault is said to be gone, and leaves nothing', async () => {
  const events = await play('kill', { node: 'a' }, ({ state }) => {
    if (state === 'applied') engine.remove('a');
  });
  expect(events.at(-1)).toMatchObject({ state: 'clean', evidence: 'a is not there any more' });
});

it('what a killed harness left is healed by the next start, once its engine answers', async () => {
  const fault = aimAt(engine, 'pause', { node: 'a' });
  await fault.prepare(soon());
  const journal = openUndoJournal(directory, 'run');
  journal.pending('stampede-test', 'the-fault', fault.target, fault.undoOf('stampede-test'));
  await fault.apply({ id: 'stampede-test', forMs: 1_000, signal: soon() });
  engine.sabotage = () => ({ status: 503, message: 'starting' });
  const early = await heal(directory, { all: true, deadlineMs: 2_000 });
  expect(early.map(({ clean }) => clean)).toEqual([false]);
  expect(pendingUndos(directory)).toHaveLength(1);
  engine.sabotage = () => undefined;
  const healed = await heal(directory, { all: true, deadlineMs: 2_000 });
  expect(healed).toEqual([{ run: 'run', fault: 'the-fault', target: 'a', clean: true, evidence: 'a is running' }]);
  expect(container.status).toBe('running');
});
