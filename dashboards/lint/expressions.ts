import type { Expr, RangeSelector, VectorSelector } from '../../harness/monitor/promql/ast.ts';
import { parse } from '../../harness/monitor/promql/parser.ts';
import { substituted } from '../grafana-variables.ts';

/** A range nobody writes, to know it again where `$__rate_interval` was. */
const RATE_INTERVAL_MS = 8_869_990_787;

/** Parses an expression that has Grafana's variables in it. Throws PromqlError. */
export function parseTarget(expr: string): Expr {
  return parse(substituted(expr, { rateInterval: `${RATE_INTERVAL_MS}ms`, range: '7d' }));
}

export function isRateInterval({ rangeMs }: RangeSelector): boolean {
  return rangeMs === RATE_INTERVAL_MS;
}

/** Every node of a tree, each with those it is in, the nearest first. */
export function* nodes(expr: Expr, parents: readonly Expr[] = []): Generator<{ node: Expr; parents: readonly Expr[] }> {
  yield { node: expr, parents };
  for (const child of childrenOf(expr)) yield* nodes(child, [expr, ...parents]);
}

export function nameOf({ matchers }: VectorSelector): string {
  return matchers.find(({ name, op }) => name === '__name__' && op === '=')?.value ?? '';
}

function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'range':
      return [expr.selector];
    case 'subquery':
    case 'unary':
    case 'aggregation':
      return [expr.expr];
    case 'call':
      return expr.args;
    case 'binary':
      return [expr.left, expr.right];
    default:
      return expr satisfies never;
  }
}
