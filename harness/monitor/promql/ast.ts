/** Offsets into the expression: the first character and the one after the last. */
export interface Span {
  at: number;
  end: number;
}

export type MatcherOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  name: string;
  op: MatcherOp;
  value: string;
}

/** `@ 1700000000` (as epoch milliseconds), `@ start()` or `@ end()`. */
export type AtModifier = { kind: 'time'; tMs: number } | { kind: 'start' } | { kind: 'end' };

/** Moves where a selector or subquery looks: to a fixed time, back by an offset (forward when negative), or both. */
export interface Shift {
  offsetMs: number;
  atTime: AtModifier | undefined;
}

export interface NumberLiteral extends Span {
  kind: 'number';
  value: number;
}

export interface StringLiteral extends Span {
  kind: 'string';
  value: string;
}

/** `name{label="value"}`. `matchers` include the name, as an equality of `__name__`, first. */
export interface VectorSelector extends Span, Shift {
  kind: 'selector';
  matchers: readonly Matcher[];
}

/** `name[5m]`. The shift is the selector's. */
export interface RangeSelector extends Span {
  kind: 'range';
  selector: VectorSelector;
  rangeMs: number;
}

/** `expr[5m:10s]`; without a step, the default resolution. */
export interface Subquery extends Span, Shift {
  kind: 'subquery';
  expr: Expr;
  rangeMs: number;
  stepMs: number | undefined;
}

export interface Call extends Span {
  kind: 'call';
  name: string;
  args: readonly Expr[];
}

export const AGGREGATORS = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
] as const;
export type Aggregator = (typeof AGGREGATORS)[number];

export interface Aggregation extends Span {
  kind: 'aggregation';
  op: Aggregator;
  /** Of topk, bottomk, quantile and count_values, where it is a string. */
  param: Expr | undefined;
  expr: Expr;
  grouping: { by: boolean; labels: readonly string[] };
}

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type SetOp = 'and' | 'or' | 'unless';
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp;

export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';

/** How the series of two vectors find each other. `include` are the labels of group_left and group_right. */
export interface Matching {
  on: boolean;
  labels: readonly string[];
  cardinality: Cardinality;
  include: readonly string[];
}

export interface Binary extends Span {
  kind: 'binary';
  op: BinaryOp;
  /** Whether a comparison answers 0 or 1 where it would otherwise filter. */
  bool: boolean;
  /** Undefined when none was written: then vectors match on all their labels, one to one (set operators: many to many). */
  matching: Matching | undefined;
  left: Expr;
  right: Expr;
}

export interface Unary extends Span {
  kind: 'unary';
  op: '+' | '-';
  expr: Expr;
}

/** Parentheses leave no node: `format` writes them where the tree needs them. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Call
  | Aggregation
  | Binary
  | Unary;

/** How tightly each operator binds; `^` alone groups to the right. Unary minus binds like `*`, so `-1 ^ 2` is -1. */
export const BINDING_POWER: Record<BinaryOp, number> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};
export const UNARY_BINDING_POWER = 5;

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return BINDING_POWER[op] === 3;
}

export function isSetOp(op: BinaryOp): op is SetOp {
  return op === 'and' || op === 'or' || op === 'unless';
}
