import { LabelSet } from '../labels.ts';
import type { Call, Expr, Span } from './ast.ts';
import { histogramQuantiles } from './histogram.ts';
import { compileRe2 } from './re2.ts';
import {
  argument,
  blankVector,
  type Evaluator,
  mergeDuplicates,
  reordered,
  type Scalar,
  type Vector,
  withoutNames,
} from './vector.ts';
import * as window from './window-functions.ts';

export type ValueType = 'scalar' | 'vector' | 'range' | 'string';

export interface FunctionSpec {
  args: readonly ValueType[];
  /** How many of the last arguments may be left out. */
  optional: number;
  /** Whether the last argument may be repeated. */
  variadic: boolean;
  returns: 'scalar' | 'vector';
  /** What the types alone do not say about the arguments; reports by throwing what `error` gives it. */
  check?: (call: Call, error: (where: Span, problem: string) => Error) => void;
  evaluate(call: Call, evaluator: Evaluator): Scalar | Vector;
}

/** Everything that can be called. A name that is missing here is refused when the expression is checked. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map(
  Object.entries({
    abs: mapped(Math.abs),
    acos: mapped(Math.acos),
    acosh: mapped(Math.acosh),
    asin: mapped(Math.asin),
    asinh: mapped(Math.asinh),
    atan: mapped(Math.atan),
    atanh: mapped(Math.atanh),
    ceil: mapped(Math.ceil),
    cos: mapped(Math.cos),
    cosh: mapped(Math.cosh),
    deg: mapped((value) => (value * 180) / Math.PI),
    exp: mapped(Math.exp),
    floor: mapped(Math.floor),
    ln: mapped(Math.log),
    log10: mapped(Math.log10),
    log2: mapped(Math.log2),
    rad: mapped((value) => (value * Math.PI) / 180),
    sgn: mapped(Math.sign),
    sin: mapped(Math.sin),
    sinh: mapped(Math.sinh),
    sqrt: mapped(Math.sqrt),
    tan: mapped(Math.tan),
    tanh: mapped(Math.tanh),
    round: mapped(round, { scalars: 1, defaults: [1] }),
    clamp: { ...mapped(clamp, { scalars: 2 }), evaluate: evaluateClamp },
    clamp_max: mapped(lesser, { scalars: 1 }),
    clamp_min: mapped(greater, { scalars: 1 }),

    rate: overRange(window.rate),
    increase: overRange(window.increase),
    delta: overRange(window.delta),
    irate: overRange(window.irate),
    idelta: overRange(window.idelta),
    deriv: overRange(window.deriv),
    changes: overRange(window.changes),
    resets: overRange(window.resets),
    predict_linear: overRange(window.predictLinear, { param: 'after' }),
    avg_over_time: overRange(window.avgOverTime),
    sum_over_time: overRange(window.sumOverTime),
    min_over_time: overRange(window.minOverTime),
    max_over_time: overRange(window.maxOverTime),
    count_over_time: overRange(window.countOverTime),
    present_over_time: overRange(window.presentOverTime),
    last_over_time: overRange(window.lastOverTime, { keepsName: true }),
    quantile_over_time: overRange(window.quantileOverTime, { param: 'before' }),
    stddev_over_time: overRange(window.stddevOverTime),
    stdvar_over_time: overRange(window.stdvarOverTime),

    minute: ofTime((date) => date.getUTCMinutes()),
    hour: ofTime((date) => date.getUTCHours()),
    day_of_week: ofTime((date) => date.getUTCDay()),
    day_of_month: ofTime((date) => date.getUTCDate()),
    day_of_year: ofTime((date) => (startOfDay(date) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1),
    days_in_month: ofTime((date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()),
    month: ofTime((date) => date.getUTCMonth() + 1),
    year: ofTime((date) => date.getUTCFullYear()),

    absent: special(['vector'], 'vector', absent),
    absent_over_time: special(['range'], 'vector', absentOverTime),
    histogram_quantile: special(['scalar', 'vector'], 'vector', (call, evaluator) =>
      histogramQuantiles(evaluator.scalar(argument(call, 0)), evaluator.vector(argument(call, 1)), call, evaluator),
    ),
    label_join: {
      ...special(['vector', 'string', 'string', 'string'], 'vector', labelJoin),
      optional: 1,
      variadic: true,
      check: checkLabels,
    },
    label_replace: {
      ...special(['vector', 'string', 'string', 'string', 'string'], 'vector', labelReplace),
      check: checkLabelReplace,
    },
    pi: special([], 'scalar', (_call, { grid }) => constant(grid.count, Math.PI)),
    scalar: special(['vector'], 'scalar', toScalar),
    sort: special(['vector'], 'vector', (call, evaluator) => sorted(call, evaluator, 1)),
    sort_desc: special(['vector'], 'vector', (call, evaluator) => sorted(call, evaluator, -1)),
    time: special([], 'scalar', (_call, { grid }) => ({
      kind: 'scalar',
      values: Float64Array.from({ length: grid.count }, (_, step) => (grid.startMs + step * grid.stepMs) / 1000),
    })),
    timestamp: special(['vector'], 'vector', timestamp),
    vector: special(['scalar'], 'vector', (call, evaluator) => ofScalar(evaluator.scalar(argument(call, 0)))),
  } satisfies Record<string, FunctionSpec>),
);

/** Functions of Prometheus that are known and not built, so that the message does not call them unknown. */
export const UNSUPPORTED_FUNCTIONS: readonly string[] = [
  'double_exponential_smoothing',
  'first_over_time',
  'histogram_avg',
  'histogram_count',
  'histogram_fraction',
  'histogram_quantiles',
  'histogram_stddev',
  'histogram_stdvar',
  'histogram_sum',
  'holt_winters',
  'info',
  'mad_over_time',
  'sort_by_label',
  'sort_by_label_desc',
  'ts_of_first_over_time',
  'ts_of_last_over_time',
  'ts_of_max_over_time',
  'ts_of_min_over_time',
];

function special(
  args: readonly ValueType[],
  returns: 'scalar' | 'vector',
  evaluate: FunctionSpec['evaluate'],
): FunctionSpec {
  return { args, optional: 0, variadic: false, returns, evaluate };
}

/** A function of each value by itself, and of up to two scalars. */
function mapped(
  apply: (value: number, a: number, b: number) => number,
  { scalars = 0, defaults = [] }: { scalars?: number; defaults?: number[] } = {},
): FunctionSpec {
  const args = ['vector' as const, ...Array.from({ length: scalars }, () => 'scalar' as const)];
  return {
    ...special(args, 'vector', (call, evaluator) => {
      const vector = evaluator.vector(argument(call, 0));
      const [a, b] = [1, 2].map((index) => {
        const arg = call.args[index];
        return arg === undefined ? constant(vector.width, defaults[index - 1] ?? 0).values : evaluator.scalar(arg);
      });
      const { values, width } = vector;
      for (let cell = 0; cell < values.length; cell++) {
        values[cell] = apply(values[cell] ?? 0, a?.[cell % width] ?? 0, b?.[cell % width] ?? 0);
      }
      return withoutNames(vector, call, evaluator);
    }),
    optional: defaults.length,
  };
}

/** A function of the samples in a range, and of a scalar before or after it. */
function overRange(
  apply: window.WindowMath,
  { param, keepsName = false }: { param?: 'before' | 'after'; keepsName?: boolean } = {},
): FunctionSpec {
  const args: readonly ValueType[] =
    param === undefined ? ['range'] : param === 'before' ? ['scalar', 'range'] : ['range', 'scalar'];
  return special(args, 'vector', (call, evaluator) => {
    const range = rangeOf(argument(call, param === 'before' ? 1 : 0), evaluator);
    const params = param === undefined ? undefined : evaluator.scalar(argument(call, param === 'before' ? 0 : 1));
    const vector = evaluator.overWindows(range, (samples, step) => apply(samples, params?.[step] ?? 0));
    return keepsName ? vector : withoutNames(vector, call, evaluator);
  });
}

function rangeOf(expr: Expr, evaluator: Evaluator) {
  if (expr.kind === 'range' || expr.kind === 'subquery') return expr;
  throw evaluator.error(expr, 'expected a range vector');
}

/** A part of a date: of each value as seconds since 1970, or of the time of evaluation. */
function ofTime(part: (date: Date) => number): FunctionSpec {
  const ofSeconds = (seconds: number) => part(new Date(seconds * 1000));
  return {
    ...special(['vector'], 'vector', (call, evaluator) => {
      const [arg] = call.args;
      const { startMs, stepMs, count } = evaluator.grid;
      const now = Float64Array.from({ length: count }, (_, step) => (startMs + step * stepMs) / 1000);
      const vector = arg === undefined ? ofScalar(now) : evaluator.vector(arg);
      vector.values = vector.values.map(ofSeconds);
      return withoutNames(vector, call, evaluator);
    }),
    optional: 1,
  };
}

function startOfDay(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
}

function round(value: number, nearest: number): number {
  // By the inverse, as Prometheus does: round(x, 0.1) is then exact where 0.1 is not.
  const inverse = 1 / nearest;
  return Math.floor(value * inverse + 0.5) / inverse;
}

function clamp(value: number, min: number, max: number): number {
  return greater(lesser(value, max), min);
}

/** Go's Min and Max: an infinity decides even against NaN. */
function lesser(a: number, b: number): number {
  return a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(a, b);
}

function greater(a: number, b: number): number {
  return a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(a, b);
}

/** A maximum below the minimum leaves nothing. */
function evaluateClamp(call: Call, evaluator: Evaluator): Vector {
  const vector = evaluator.vector(argument(call, 0));
  const min = evaluator.scalar(argument(call, 1));
  const max = evaluator.scalar(argument(call, 2));
  const { values, has, width } = vector;
  for (let cell = 0; cell < values.length; cell++) {
    const low = min[cell % width] ?? 0;
    const high = max[cell % width] ?? 0;
    values[cell] = clamp(values[cell] ?? 0, low, high);
    if (high < low) has[cell] = 0;
  }
  return withoutNames(vector, call, evaluator);
}

function constant(count: number, value: number): Scalar {
  return { kind: 'scalar', values: new Float64Array(count).fill(value) };
}

function ofScalar(values: Float64Array): Vector {
  return {
    kind: 'vector',
    width: values.length,
    labels: [LabelSet.empty],
    values,
    has: new Uint8Array(values.length).fill(1),
  };
}

/** NaN unless exactly one series has a value. */
function toScalar(call: Call, evaluator: Evaluator): Scalar {
  const { labels, width, values, has } = evaluator.vector(argument(call, 0));
  const result = constant(width, Number.NaN);
  for (let step = 0; step < width; step++) {
    let found = 0;
    for (let row = 0; row < labels.length; row++) {
      if (has[row * width + step] === 0) continue;
      found++;
      result.values[step] = values[row * width + step] ?? 0;
    }
    if (found !== 1) result.values[step] = Number.NaN;
  }
  return result;
}

function timestamp(call: Call, evaluator: Evaluator): Vector {
  const arg = argument(call, 0);
  if (arg.kind === 'selector') return withoutNames(evaluator.sampleTimes(arg), call, evaluator);
  const vector = evaluator.vector(arg);
  const { startMs, stepMs } = evaluator.grid;
  vector.values = vector.values.map((_, cell) => (startMs + (cell % vector.width) * stepMs) / 1000);
  return withoutNames(vector, call, evaluator);
}

function absent(call: Call, evaluator: Evaluator): Vector {
  const arg = argument(call, 0);
  return absence(arg, evaluator.vector(arg));
}

function absentOverTime(call: Call, evaluator: Evaluator): Vector {
  const range = rangeOf(argument(call, 0), evaluator);
  return absence(range.kind === 'range' ? range.selector : range, evaluator.overWindows(range, window.countOverTime));
}

/** 1 where no series has a value, with the labels that the selector says such a series would have. */
function absence(arg: Expr, vector: Vector): Vector {
  const { labels, width, has } = vector;
  const result = blankVector([expectedLabels(arg)], width);
  for (let step = 0; step < width; step++) {
    const isAbsent = labels.every((_, row) => has[row * width + step] === 0);
    result.values[step] = 1;
    result.has[step] = isAbsent ? 1 : 0;
  }
  return result;
}

function expectedLabels(arg: Expr): LabelSet {
  if (arg.kind !== 'selector') return LabelSet.empty;
  const labels: Record<string, string> = {};
  for (const { name, op, value } of arg.matchers) {
    if (name === '__name__') continue;
    const isOnlyMatcher = arg.matchers.filter((matcher) => matcher.name === name).length === 1;
    if (op === '=' && isOnlyMatcher) labels[name] = value;
  }
  return LabelSet.from(labels);
}

/** By value, NaN last. Has no meaning over several times, where it leaves the order alone. */
function sorted(call: Call, evaluator: Evaluator, sign: 1 | -1): Vector {
  const vector = evaluator.vector(argument(call, 0));
  if (vector.width !== 1) return vector;
  const order = vector.labels.map((_, row) => row);
  order.sort((a, b) => {
    const [x, y] = [vector.values[a] ?? 0, vector.values[b] ?? 0];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
  return reordered(vector, order);
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function checkLabels(call: Call, error: (where: Span, problem: string) => Error): void {
  // The second argument is the label that is written; of label_join, those from the fourth on are read.
  call.args.forEach((arg, index) => {
    if (arg.kind !== 'string' || index === 0 || (call.name === 'label_join' && index === 2)) return;
    if (!LABEL_NAME.test(arg.value)) throw error(arg, `${JSON.stringify(arg.value)} is not a label name`);
  });
}

function checkLabelReplace(call: Call, error: (where: Span, problem: string) => Error): void {
  const [, target, , , pattern] = call.args;
  if (target?.kind === 'string' && !LABEL_NAME.test(target.value)) {
    throw error(target, `${JSON.stringify(target.value)} is not a label name`);
  }
  if (pattern?.kind !== 'string') return;
  try {
    compileRe2(pattern.value);
  } catch (cause) {
    throw error(pattern, cause instanceof Error ? cause.message : String(cause));
  }
}

function labelReplace(call: Call, evaluator: Evaluator): Vector {
  const vector = evaluator.vector(argument(call, 0));
  const [target = '', replacement = '', source = '', pattern = ''] = texts(call);
  const regex = compileRe2(pattern);
  vector.labels = vector.labels.map((labels) => {
    const match = regex.exec(labels.get(source));
    return match === null ? labels : labels.with(target, expand(replacement, match));
  });
  return mergeDuplicates(vector, call, evaluator);
}

/** Go's template: `$1`, `${1}`, `${name}`; `$$` is a dollar; what matched nothing is empty. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_whole, dollar, bare, braced) => {
    if (dollar !== undefined) return '$';
    const name = String(bare ?? braced);
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
  });
}

function labelJoin(call: Call, evaluator: Evaluator): Vector {
  const vector = evaluator.vector(argument(call, 0));
  const [target = '', separator = '', ...sources] = texts(call);
  vector.labels = vector.labels.map((labels) =>
    labels.with(target, sources.map((source) => labels.get(source)).join(separator)),
  );
  return mergeDuplicates(vector, call, evaluator);
}

function texts(call: Call): string[] {
  return call.args.slice(1).map((arg) => (arg.kind === 'string' ? arg.value : ''));
}
