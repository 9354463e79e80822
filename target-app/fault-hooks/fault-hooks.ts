import { z } from 'zod';
import { clockSkew } from './clock-skew.ts';
import { descriptors } from './descriptors.ts';
import { duplicateDelivery } from './duplicate-delivery.ts';
import { eventLoopBlock } from './event-loop-block.ts';
import type { FaultHook } from './fault-hook.ts';

/** A hook that is on. */
export interface ActiveHook {
  name: string;
  settings: object;
  expiresInMs: number;
}

interface Running {
  settings: object;
  untilMs: number;
  timer: NodeJS.Timeout;
  end: () => void;
}

const DAY_MS = 86_400_000;
const timeSchema = z.object({ ttlMs: z.int().min(1).max(DAY_MS) });

/** The ways in which this node misbehaves now. Times are measured on a clock that no fault moves. */
export class FaultHooks {
  static readonly names = ['event-loop-block', 'clock-skew', 'descriptors', 'duplicate-delivery'] as const;
  readonly #begin = {
    'event-loop-block': starter(eventLoopBlock),
    'clock-skew': starter(clockSkew),
    descriptors: starter(descriptors),
    'duplicate-delivery': starter(duplicateDelivery),
  };
  readonly #running = new Map<string, Running>();

  /** Begins, for `ttlMs`; one that is on already is ended first. @throws ZodError */
  begin(name: (typeof FaultHooks.names)[number], given: unknown): ActiveHook {
    const { ttlMs, ...rest } = z.looseObject(timeSchema.shape).parse(given);
    const untilMs = performance.now() + ttlMs;
    const leftMs = () => Math.max(0, untilMs - performance.now());
    const { settings, start } = this.#begin[name](rest);
    this.end(name);
    const timer = setTimeout(() => this.end(name), ttlMs);
    this.#running.set(name, { settings, untilMs, timer, end: start(leftMs) });
    return { name, settings, expiresInMs: ttlMs };
  }

  end(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    clearTimeout(running.timer);
    running.end();
  }

  endAll(): void {
    for (const name of [...this.#running.keys()]) this.end(name);
  }

  active(): ActiveHook[] {
    return [...this.#running].map(([name, { settings, untilMs }]) => {
      return { name, settings, expiresInMs: Math.max(0, Math.round(untilMs - performance.now())) };
    });
  }
}

/** Hides a hook's own type. Settings that are wrong throw before anything is begun or ended. */
function starter<Settings extends z.ZodObject>(hook: FaultHook<Settings>) {
  return (given: unknown) => {
    const settings = hook.settings.parse(given);
    return { settings, start: (leftMs: () => number) => hook.begin(settings, leftMs) };
  };
}
