import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { comingMs } from './closed-group.ts';
import { Histogram } from './histogram.ts';
import { ok, playing, steps } from './testing-engine.ts';
import { rawServer } from './testing-server.ts';

/** How many are active after so long, and how many at the end. */
describe('the closed model', () => {
  it('lets users go at the end of their iteration when there are to be fewer', async () => {
    await using server = await rawServer(ok);
    let cutShort = 0;
    const { engine } = playing(server.origin, {
      curve: steps([0, 20], [150, 20], [151, 5], [2_000, 5]),
      flow: async (user) => {
        await user.think('100ms');
        await user.get('/').catch(() => cutShort++);
      },
    });
    await sleep(120);
    expect(engine.state.active.people).toBe(20);
    await sleep(400);
    expect(engine.state.active.people).toBe(5);
    expect(cutShort).toBe(0);
    engine.stop(0);
  });

  it('ends at once what a user that has to leave still waits for when its grace is over', async () => {
    await using server = await rawServer(ok);
    const { engine, recorder } = playing(server.origin, {
      curve: steps([0, 10], [100, 10], [101, 0], [3_000, 0]),
      graceMs: 100,
      flow: async (user) => user.think('1h'),
    });
    await sleep(150);
    expect(engine.state.active.people).toBe(10);
    await sleep(250);
    expect(engine.state.active.people).toBe(0);
    expect(engine.state.failedIterations).toBe(0);
    expect(recorder.take().troubles).toEqual([]);
    engine.stop(0);
  });

  it('makes a user that comes back a new one, with a random stream of its own', async () => {
    await using server = await rawServer(ok);
    const ids: string[] = [];
    const { engine } = playing(server.origin, {
      curve: steps([0, 1], [100, 1], [101, 0], [200, 0], [201, 1], [2_000, 1]),
      graceMs: 0,
      flow: async (user) => {
        ids.push(user.uuid());
        await user.think('1h');
      },
    });
    await sleep(400);
    engine.stop(0);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });

  it('lets users think before each iteration, and begins it when that is due', async () => {
    await using server = await rawServer(ok);
    const began: number[] = [];
    const startMs = performance.now();
    const { engine, recorder } = playing(server.origin, {
      curve: steps([0, 1], [5_000, 1]),
      think: { fromMs: 100, toMs: 100 },
      flow: async (user) => {
        began.push(performance.now() - startMs);
        await user.get('/');
      },
    });
    await expect.poll(() => engine.state.iterations, { timeout: 5_000, interval: 5 }).toBe(3);
    engine.stop(0);
    // Never early; how late a busy machine makes them is for the bench to tell.
    for (const [index, at] of began.entries()) expect(at).toBeGreaterThan(95 * (index + 1));
    expect(began).toHaveLength(3);
    // A slice is a second of the clock, and they may lie in two.
    expect(recorder.take().slices.reduce((sum, { endings }) => sum + (endings.ok ?? 0), 0)).toBe(3);
  });

  it('lets users go at once that think between two iterations, and they do nothing more', async () => {
    await using server = await rawServer(ok);
    let iterations = 0;
    const { engine, recorder } = playing(server.origin, {
      curve: steps([0, 10], [100, 10], [101, 0], [3_000, 0]),
      think: { fromMs: 3_600_000, toMs: 3_600_000 },
      flow: async () => void iterations++,
    });
    await sleep(80);
    expect(engine.state.active.people).toBe(10);
    await sleep(120);
    expect(engine.state.active.people).toBe(0);
    expect(iterations).toBe(0);
    expect(recorder.take().troubles).toEqual([]);
    engine.stop(0);
  });

  it('loses no timer when flows give up waits and users think before each iteration', async () => {
    await using server = await rawServer(ok);
    const iterations = new Map<number, number>();
    const { engine } = playing(server.origin, {
      curve: steps([0, 20], [5_000, 20]),
      think: { fromMs: 20, toMs: 60 },
      async flow(user) {
        iterations.set(user.index, user.iteration);
        await Promise.race([user.get('/'), user.think('45ms')]);
      },
    });
    await sleep(1_500);
    engine.stop(0);
    // About thirty each; most had eight or fewer when their timers were lost.
    expect(iterations.size).toBe(20);
    for (const count of iterations.values()) expect(count).toBeGreaterThan(15);
  });

  it('hears of iterations whose flows give up waits, and does not take those for lateness', async () => {
    await using server = await rawServer(ok);
    const iterations = new Map<number, number>();
    const { engine, recorder } = playing(server.origin, {
      curve: steps([0, 20], [5_000, 20]),
      async flow(user) {
        iterations.set(user.index, user.iteration);
        await user.get('/a');
        await Promise.race([user.get('/b'), user.think('500ms')]);
      },
    });
    await sleep(1_200);
    engine.stop(0);
    expect(iterations.size).toBe(20);
    for (const count of iterations.values()) expect(count).toBeGreaterThan(12);
    // What they do after a wait that they gave up is not late by all that time.
    const lateness = new Histogram();
    lateness.mergeEncoded(recorder.take().lateness);
    expect(lateness.quantile(0.99)).toBeLessThan(250);
  });

  it('goes on with the rows of a feed when a user comes back, and with a user that had to go but is wanted again', async () => {
    await using server = await rawServer((socket, request) =>
      request.includes('/slow') ? undefined : void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    );
    const turns: number[] = [];
    const { engine } = playing(server.origin, {
      curve: steps([0, 1], [100, 1], [101, 0], [200, 0], [201, 1], [2_000, 1]),
      graceMs: 50,
      async flow(user) {
        turns.push(user.iteration);
        // Still under way when it is wanted again.
        await user.get(user.iteration === 1 ? '/slow' : '/', { timeout: '400ms' }).catch(() => {});
        await user.think('1h');
      },
    });
    await sleep(700);
    expect(turns).toEqual([1, 2]);
    expect(engine.state.active.people).toBe(1);
    engine.stop(0);
  });

  it('does not spin where users think and their flow does nothing', async () => {
    await using server = await rawServer(ok);
    let iterations = 0;
    const { engine, recorder } = playing(server.origin, {
      curve: steps([0, 1], [3_000, 1]),
      think: { fromMs: 50, toMs: 50 },
      flow: async () => void iterations++,
    });
    await sleep(330);
    engine.stop(0);
    expect(iterations).toBeGreaterThan(2);
    expect(iterations).toBeLessThan(8);
    expect(recorder.take().troubles).toEqual([]);
  });

  it('begins iterations at a pace, and at once when one took longer', async () => {
    await using server = await rawServer(ok);
    const began: number[] = [];
    const { engine } = playing(server.origin, {
      curve: steps([0, 1], [5_000, 1]),
      everyMs: 100,
      flow: async (user) => {
        began.push(performance.now());
        await user.think(user.iteration === 2 ? '250ms' : '10ms');
      },
    });
    await sleep(650);
    engine.stop(0);
    const gaps = began.slice(1).map((at, index) => at - (began[index] ?? 0));
    expect(gaps[0]).toBeGreaterThan(60);
    expect(gaps[0]).toBeLessThan(200);
    expect(gaps[1]).toBeGreaterThan(245);
    expect(gaps[1]).toBeLessThan(345);
    expect(gaps[2]).toBeGreaterThan(60);
  });

  it('takes over the users of a lost share within two seconds, none twice and each with new ids', async () => {
    await using server = await rawServer(ok);
    const ids = new Map<number, string[]>();
    const { engine } = playing(
      server.origin,
      {
        curve: steps([0, 100], [10_000, 100]),
        flow: async (user) => {
          ids.set(user.index, [...(ids.get(user.index) ?? []), user.uuid()]);
          await user.think('1h');
        },
      },
      { index: 0, of: 2 },
    );
    await sleep(100);
    expect(engine.state.active.people).toBe(50);
    engine.adopt({ index: 1, of: 4 }, 1);
    engine.adopt({ index: 3, of: 4 }, 1);
    await sleep(2_000);
    expect(engine.state.active.people).toBe(100);
    engine.stop(0);
    expect([...ids.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    // The lost agent's user 1 had this id: it must not come again.
    const first: string[] = [];
    const other = playing(
      server.origin,
      {
        curve: steps([0, 100], [10_000, 100]),
        flow: async (user) => {
          if (user.index === 1) first.push(user.uuid());
          await user.think('1h');
        },
      },
      { index: 1, of: 2 },
    );
    await sleep(100);
    other.engine.stop(0);
    expect(ids.get(1)).not.toEqual(first);
  });

  it('lets the users of a lost agent come as fast as they can be made without being late', () => {
    // A quarter of a million users, dealt to three.
    expect(comingMs(83_334, 'between')).toBe(1_500);
    expect(comingMs(83_334, 'in-flow')).toBeCloseTo(5_556, 0);
    expect(comingMs(600_000, 'between')).toBe(10_000);
  });

  it('follows another curve from the moment it is told to', async () => {
    await using server = await rawServer(ok);
    const { engine } = playing(server.origin, {
      curve: steps([0, 5], [5_000, 5]),
      flow: async (user) => user.think('1h'),
    });
    await sleep(80);
    engine.follow({ people: steps([0, 5], [100, 5], [150, 30], [5_000, 30]) }, 5_000);
    await sleep(200);
    expect(engine.state.active.people).toBe(30);
    engine.follow({ people: steps([0, 5], [400, 30]) }, 400);
    await engine.finished;
  });
});
