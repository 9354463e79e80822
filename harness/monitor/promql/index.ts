/** `import { promql } from 'stampede/promql'`: PromQL over series in memory, by itself. */
export type { Sample, Series } from '../monitor.ts';
export { PromqlError } from './error.ts';
export { type InstantAnswer, type PromqlExpression, type PromqlOptions, promql } from './promql.ts';
export type { Semantics } from './semantics.ts';
export type { GivenSeries } from './series-list.ts';
