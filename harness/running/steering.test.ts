import { describe, expect, it } from 'vitest';
import { valueAt } from '../load/schedule.ts';
import type { Plan } from '../scenario/plan.ts';
import { Steering } from './steering.ts';

const curve = [
  { tMs: 0, value: 0 },
  { tMs: 10_000, value: 100 },
  { tMs: 60_000, value: 100 },
];
const plan = {
  durationMs: 60_000,
  loads: [{ model: 'users', name: 'people', curve, graceMs: 0 }],
} as Partial<Plan> as Plan;

function level(steering: Steering, tMs: number): number {
  return valueAt(steering.course.curves.people ?? [], tMs);
}

describe('steering', () => {
  it('holds the load where it is, and the plan with it', () => {
    const steering = new Steering(plan);
    steering.hold(5_000);
    expect([5_000, 20_000, 3_000_000].map((tMs) => level(steering, tMs))).toEqual([50, 50, 50]);
    expect(steering.planMs(20_000)).toBe(5_000);
    expect(steering.course.durationMs).toBeGreaterThan(3_600_000);
  });

  it('makes the run longer by what it was held, and goes on as planned', () => {
    const steering = new Steering(plan);
    steering.hold(5_000);
    steering.resume(25_000);
    expect(steering.course.durationMs).toBe(80_000);
    expect(steering.planMs(30_000)).toBe(10_000);
    expect([24_000, 30_000, 79_000].map((tMs) => level(steering, tMs))).toEqual([50, 100, 100]);
    steering.hold(40_000);
    steering.resume(41_000);
    expect(steering.course.durationMs).toBe(81_000);
    expect(steering.planMs(81_000)).toBe(60_000);
  });

  it('brings a group to a number, and back to the plan', () => {
    const steering = new Steering(plan);
    steering.users(20_000, 'people', 700, 2_000);
    expect([20_000, 21_000, 22_000, 100_000].map((tMs) => level(steering, tMs))).toEqual([100, 400, 700, 700]);
    steering.users(30_000, 'people', 10, 0);
    expect(level(steering, 30_001)).toBe(10);
    steering.resume(40_000);
    expect(level(steering, 45_000)).toBe(100);
    expect(steering.course.durationMs).toBe(80_000);
  });

  it('does nothing twice', () => {
    const steering = new Steering(plan);
    const course = steering.hold(5_000);
    expect(steering.hold(6_000)).toBe(course);
    steering.resume(7_000);
    expect(steering.resume(9_000)).toBe(steering.course);
  });
});
