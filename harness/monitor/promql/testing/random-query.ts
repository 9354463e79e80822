import type { Semantics } from '../semantics.ts';
import type { Random } from './random.ts';
import { DATA } from './random-data.ts';

/** A nested expression over the random data. What no two servers need agree on, such as the order of ties, is left out. */
export function randomQuery(random: Random, semantics: Semantics): string {
  const query = anyQuery(random);
  // Prometheus 2 moves the window of predict_linear on from a fixed time: a bug of its own (docs/promql.md).
  return semantics === 'v2' && /predict_linear\([^)]*@/.test(query) ? randomQuery(random, semantics) : query;
}

function anyQuery(random: Random): string {
  return random.next() < 0.07 ? scalar(random, 3) : vector(random, 4);
}

type Make = (random: Random, depth: number) => string;

const GAUGES = [
  'mem',
  'cpu',
  'mem{job="a"}',
  'cpu{instance!="1"}',
  'mem{instance=~"0|2"}',
  '{__name__=~"mem|cpu",job="b"}',
];
const OTHERS = [
  'req_total',
  'req_total{code="500"}',
  'level',
  'info',
  'lat_bucket',
  'lat_bucket{le="0.5"}',
  'nothing',
  'req_total{code!~"2.."}',
];
const COUNTERS = ['req_total', 'req_total{code="500"}', 'req_total{job="a"}', 'lat_bucket', 'mem'];

const selector: Make = (random) => random.pick(random.next() < 0.6 ? GAUGES : OTHERS) + shift(random);

function shift(random: Random): string {
  const at =
    random.next() < 0.06
      ? ` @ ${random.pick(['start()', 'end()', String(DATA.fromMs / 1000 + random.whole(900))])}`
      : '';
  return at + (random.next() < 0.1 ? ` offset ${random.pick(['10s', '25s', '1m', '-30s', '3m'])}` : '');
}

const range = (random: Random, names: readonly string[], depth: number): string => {
  const length = random.pick(['10s', '25s', '30s', '1m', '90s', '2m30s', '5m']);
  if (random.next() < 0.85 || depth <= 0) return `${random.pick(names)}[${length}]${shift(random)}`;
  const step = random.pick(['', '5s', '10s', '13s', '30s']);
  return `(${vector(random, depth - 1)})[${random.pick(['30s', '1m', '2m', '3m'])}:${step}]${shift(random)}`;
};

const scalar: Make = (random, depth) => {
  if (depth <= 0 || random.next() < 0.5)
    return random.pick(['0', '1', '2.5', '-3', '0.5', '1e3', 'time()', 'pi()', 'NaN', 'Inf', '100']);
  return random.next() < 0.5
    ? `scalar(${vector(random, depth - 1)})`
    : `(${scalar(random, depth - 1)} ${random.pick(['+', '-', '*', '/', '%', '^'])} ${scalar(random, depth - 1)})`;
};

const MAPPED = 'abs ceil floor exp ln log2 log10 sqrt sgn round deg rad'.split(' ');
const TRIG = 'sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh'.split(' ');
const OVER = 'avg sum min max count last present stddev stdvar'.split(' ').map((name) => `${name}_over_time`);
const RATES = 'rate increase delta irate idelta changes resets'.split(' ');
const DATES = 'minute hour day_of_week day_of_month day_of_year days_in_month month year'.split(' ');

const calls: Make[] = [
  (random, depth) => `${random.pick(MAPPED)}(${vector(random, depth - 1)})`,
  (random) => `${random.pick(TRIG)}(${selector(random, 0)})`,
  (random, depth) => `${random.pick(OVER)}(${range(random, [...GAUGES, ...OTHERS], depth)})`,
  (random, depth) => `${random.pick(RATES)}(${range(random, COUNTERS, depth)})`,
  (random, depth) => `${random.pick(RATES)}(${range(random, COUNTERS, depth)})`,
  (random) => `deriv(${range(random, GAUGES, 0)})`,
  (random) => `predict_linear(${range(random, GAUGES, 0)}, ${random.pick(['0', '60', '-30'])})`,
  (random, depth) =>
    `quantile_over_time(${random.pick(['0', '0.3', '0.9', '1', '-1', '2'])}, ${range(random, GAUGES, depth)})`,
  (random, depth) =>
    `clamp(${vector(random, depth - 1)}, ${random.pick(['-5', '0', '3'])}, ${random.pick(['1', '10', '50'])})`,
  (random, depth) => `clamp_${random.pick(['min', 'max'])}(${vector(random, depth - 1)}, ${scalar(random, 1)})`,
  (random, depth) => `round(${vector(random, depth - 1)}, ${random.pick(['0.1', '5', '0.25'])})`,
  (random) =>
    `histogram_quantile(${random.pick(['0.5', '0.9', '0.99', '0', '1'])}, ${random.pick(['lat_bucket', 'rate(lat_bucket[1m])', 'sum by (le) (rate(lat_bucket[2m]))', 'sum by (job, le) (increase(lat_bucket[45s]))'])})`,
  (random, depth) => `absent(${vector(random, depth - 1)})`,
  (random, depth) => `absent_over_time(${range(random, [...GAUGES, ...OTHERS], depth)})`,
  (random) => `timestamp(${selector(random, 0)})`,
  (random) => `${random.pick(DATES)}(timestamp(${selector(random, 0)}) * ${random.pick(['1', '0.7', '1.3'])})`,
  (random, depth) => `vector(${scalar(random, depth - 1)})`,
  (random, depth) => `sort${random.pick(['', '_desc'])}(${vector(random, depth - 1)})`,
  (random, depth) =>
    `label_replace(${vector(random, depth - 1)}, "${random.pick(['new', 'job', 'instance'])}", "${random.pick(['$1', 'x-$1', ''])}", "${random.pick(['job', 'instance', 'code'])}", "(.*)")`,
  (random, depth) => `label_join(${vector(random, depth - 1)}, "joined", "-", "job", "instance")`,
];

const aggregation: Make = (random, depth) => {
  const op = random.pick('sum avg min max count group stddev stdvar quantile topk bottomk count_values'.split(' '));
  const grouping = random.pick([
    '',
    ' by (job)',
    ' by (instance)',
    ' by (job, code)',
    ' without (instance)',
    ' without (job, le)',
  ]);
  if (op === 'topk' || op === 'bottomk')
    return `${op}${grouping} (${1 + random.whole(3)}, ${random.pick(['mem', 'cpu'])})`;
  const parameter =
    op === 'quantile' ? `${random.pick(['0.1', '0.5', '0.95'])}, ` : op === 'count_values' ? '"value", ' : '';
  return `${op}${grouping} (${parameter}${op === 'count_values' ? random.pick(['level', 'info', 'mem']) : vector(random, depth - 1)})`;
};

const binary: Make = (random, depth) => {
  const op = random.pick('+ - * / % ^ == != < <= > >= and or unless atan2'.split(' '));
  const isSet = ['and', 'or', 'unless'].includes(op);
  const bool = ['==', '!=', '<', '<=', '>', '>='].includes(op) && random.next() < 0.4 ? ' bool' : '';
  const side = random.next();
  if (!isSet && side < 0.3) return `(${vector(random, depth - 1)} ${op}${bool} ${scalar(random, depth - 1)})`;
  if (!isSet && side < 0.4) return `(${scalar(random, depth - 1)} ${op}${bool} ${vector(random, depth - 1)})`;
  const matching = random.pick(['', '', ' on (job, instance)', ' ignoring (code)', ' on (job)']);
  if (!isSet && side < 0.5) {
    return `(${random.pick(['mem', 'req_total', 'cpu'])} ${op}${bool} on (job) group_left ${random.pick(['()', '(version)'])} info)`;
  }
  return `(${vector(random, depth - 1)} ${op}${bool}${matching} ${vector(random, depth - 1)})`;
};

const vector: Make = (random, depth) => {
  const choice = random.next();
  if (depth <= 0 || choice < 0.12) return selector(random, depth);
  if (choice < 0.55) return random.pick(calls)(random, depth);
  if (choice < 0.75) return aggregation(random, depth);
  if (choice < 0.96) return binary(random, depth);
  return `-${vector(random, depth - 1)}`;
};
