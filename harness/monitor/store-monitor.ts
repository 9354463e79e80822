import type { Monitor } from './monitor.ts';
import { PromqlError } from './promql/error.ts';
import { type InstantAnswer, type PromqlExpression, type PromqlOptions, promql } from './promql/promql.ts';
import type { SeriesSource } from './promql/source.ts';

export type QueryOptions = PromqlOptions;

/** Answers PromQL from series in memory. */
export function monitorOf(source: SeriesSource, options: QueryOptions = {}): Monitor {
  const expressions = new Expressions(options);
  return {
    async query(expression, atMs) {
      const answer = expressions.get(expression).instant(source, atMs);
      if (answer.type === 'scalar' || answer.type === 'vector') return answer;
      throw new PromqlError(expression, 0, 'expected an expression that gives an instant vector or a scalar');
    },
    async queryRange(expression, fromMs, toMs, stepMs) {
      return expressions.get(expression).range(source, fromMs, toMs, stepMs);
    },
  };
}

/** What Prometheus' API asks: ranges and strings are answers there too. */
export function instantAnswers(
  source: SeriesSource,
  options: QueryOptions = {},
): (expression: string, atMs: number) => InstantAnswer {
  const expressions = new Expressions(options);
  return (expression, atMs) => expressions.get(expression).instant(source, atMs);
}

/** Objectives ask the same expressions every second; the tree is kept, and with it what is remembered about it. */
class Expressions {
  static readonly #most = 500;
  readonly #known = new Map<string, PromqlExpression>();
  readonly #options: QueryOptions;

  constructor(options: QueryOptions) {
    this.#options = options;
  }

  get(expression: string): PromqlExpression {
    const known = this.#known.get(expression);
    if (known !== undefined) return known;
    const checked = promql(expression, this.#options);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= Expressions.#most) this.#known.delete(oldest);
    this.#known.set(expression, checked);
    return checked;
  }
}
