import type { Random } from './random.ts';

/**
 * How long users think between what they do, in milliseconds: evenly between two times, or exponentially distributed around a
 * mean and cut off at ten times that, as TPC-C (clause 5.2.5.4) and TPC-W have it.
 */
export type ThinkTime = { fromMs: number; toMs: number } | { meanMs: number };

/** Where users think: before each iteration, when nothing is held of a flow, or in their flows. */
export type Thinking = 'between' | 'in-flow';

export function drawThinkMs(random: Random, think: ThinkTime): number {
  const share = random.number();
  if ('meanMs' in think) return Math.min(-Math.log(1 - share), MOST_MEANS) * think.meanMs;
  return think.fromMs + share * (think.toMs - think.fromMs);
}

const MOST_MEANS = 10;
