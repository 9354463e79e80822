import type { Call, Span } from './ast.ts';
import { histogramFractions, histogramQuantiles } from './histogram.ts';
import { checkLabelReplace, checkLabels, labelJoin, labelReplace, sortedByLabel } from './label-functions.ts';
import type { Semantics } from './semantics.ts';
import { argument, type Evaluator, type Scalar, type Vector, withoutNames } from './vector.ts';
import * as on from './vector-functions.ts';
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
  check?: (call: Call, semantics: Semantics, error: (where: Span, problem: string) => Error) => void;
  evaluate(call: Call, evaluator: Evaluator): Scalar | Vector;
}

const SMOOTHING: FunctionSpec = {
  ...special(['range', 'scalar', 'scalar'], 'vector', (call, evaluator) => {
    const [level, trend] = [1, 2].map((index) => evaluator.scalar(argument(call, index)));
    const vector = evaluator.overWindows(on.rangeOf(argument(call, 0), evaluator), (samples, step) => {
      const factors = [level?.[step] ?? Number.NaN, trend?.[step] ?? Number.NaN] as const;
      const wrong = factors.findIndex((factor) => !(factor > 0 && factor < 1));
      if (wrong < 0) return window.smoothed(samples, ...factors);
      throw evaluator.error(
        argument(call, wrong + 1),
        `${call.name} needs a factor between 0 and 1, got ${factors[wrong]}`,
      );
    });
    return withoutNames(vector, call, evaluator);
  }),
};

function sortByLabel(sign: 1 | -1): FunctionSpec {
  const evaluate = (call: Call, evaluator: Evaluator) => sortedByLabel(call, evaluator, sign);
  return { ...special(['vector', 'string'], 'vector', evaluate), optional: 1, variadic: true, check: checkLabels };
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
    deg: mapped((value) => value * (180 / Math.PI)),
    exp: mapped(Math.exp),
    floor: mapped(Math.floor),
    ln: mapped(Math.log),
    log10: mapped(Math.log10),
    log2: mapped(Math.log2),
    rad: mapped((value) => value * (Math.PI / 180)),
    sgn: mapped(Math.sign),
    sin: mapped(Math.sin),
    sinh: mapped(Math.sinh),
    sqrt: mapped(Math.sqrt),
    tan: mapped(Math.tan),
    tanh: mapped(Math.tanh),
    round: mapped(round, { scalars: 1, defaults: [1] }),
    clamp: { ...mapped(on.clamp, { scalars: 2 }), evaluate: on.evaluateClamp },
    clamp_max: mapped(on.lesser, { scalars: 1 }),
    clamp_min: mapped(on.greater, { scalars: 1 }),

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
    first_over_time: overRange(window.firstOverTime, { keepsName: true }),
    mad_over_time: overRange(window.madOverTime),
    ts_of_first_over_time: overRange(window.timeOfFirst),
    ts_of_last_over_time: overRange(window.timeOfLast),
    ts_of_max_over_time: overRange(window.timeOfMax),
    ts_of_min_over_time: overRange(window.timeOfMin),
    double_exponential_smoothing: SMOOTHING,
    // Its name until Prometheus 3.
    holt_winters: SMOOTHING,
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

    absent: special(['vector'], 'vector', on.absent),
    absent_over_time: special(['range'], 'vector', on.absentOverTime),
    histogram_quantile: special(['scalar', 'vector'], 'vector', (call, evaluator) =>
      histogramQuantiles(evaluator.scalar(argument(call, 0)), evaluator.vector(argument(call, 1)), call, evaluator),
    ),
    histogram_fraction: special(['scalar', 'scalar', 'vector'], 'vector', (call, evaluator) =>
      histogramFractions(
        [evaluator.scalar(argument(call, 0)), evaluator.scalar(argument(call, 1))],
        evaluator.vector(argument(call, 2)),
        call,
        evaluator,
      ),
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
    pi: special([], 'scalar', (_call, { grid }) => on.constant(grid.count, Math.PI)),
    scalar: special(['vector'], 'scalar', on.toScalar),
    sort: special(['vector'], 'vector', (call, evaluator) => on.sorted(call, evaluator, 1)),
    sort_desc: special(['vector'], 'vector', (call, evaluator) => on.sorted(call, evaluator, -1)),
    sort_by_label: sortByLabel(1),
    sort_by_label_desc: sortByLabel(-1),
    time: special([], 'scalar', (_call, { grid }) => ({
      kind: 'scalar',
      values: Float64Array.from({ length: grid.count }, (_, step) => (grid.startMs + step * grid.stepMs) / 1000),
    })),
    timestamp: special(['vector'], 'vector', on.timestamp),
    vector: special(['scalar'], 'vector', (call, evaluator) => on.ofScalar(evaluator.scalar(argument(call, 0)))),
  } satisfies Record<string, FunctionSpec>),
);

/** Functions of Prometheus that are known and not built, with the reason: the message must not call them unknown. */
export const UNSUPPORTED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...['avg', 'count', 'quantiles', 'stddev', 'stdvar', 'sum'].map(
    (name) => [`histogram_${name}`, 'it reads native histograms, which are left out here'] as const,
  ),
  ['info', 'it is an experiment of Prometheus 3; write a join with group_left'],
  ...['step', 'range', 'start', 'end'].map(
    (name) => [name, 'it belongs to duration expressions, an experiment of Prometheus 3'] as const,
  ),
]);

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
        return arg === undefined ? on.constant(vector.width, defaults[index - 1] ?? 0).values : evaluator.scalar(arg);
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
    const range = on.rangeOf(argument(call, param === 'before' ? 1 : 0), evaluator);
    const params = param === undefined ? undefined : evaluator.scalar(argument(call, param === 'before' ? 0 : 1));
    const vector = evaluator.overWindows(range, (samples, step) => apply(samples, params?.[step] ?? 0));
    return keepsName ? vector : withoutNames(vector, call, evaluator);
  });
}

/** A part of a date: of each value as seconds since 1970, or of the time of evaluation. */
function ofTime(part: (date: Date) => number): FunctionSpec {
  const ofSeconds = (seconds: number) => part(new Date(seconds * 1000));
  return {
    ...special(['vector'], 'vector', (call, evaluator) => {
      const [arg] = call.args;
      const { startMs, stepMs, count } = evaluator.grid;
      const now = Float64Array.from({ length: count }, (_, step) => (startMs + step * stepMs) / 1000);
      const vector = arg === undefined ? on.ofScalar(now) : evaluator.vector(arg);
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
