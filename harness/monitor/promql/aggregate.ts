import { LabelSet } from '../labels.ts';
import type { Aggregation } from './ast.ts';
import { formatGo, Mean, movedMean, PlainSum, quantile, SumWithCompensation } from './numbers.ts';
import { blankVector, type Evaluator, reordered, type Vector } from './vector.ts';

/** Aggregates a vector over groups of its series. `param` holds the k or the quantile at each step. */
export function aggregate(
  node: Aggregation,
  input: Vector,
  param: Float64Array | undefined,
  evaluator: Evaluator,
): Vector {
  const { groupOf, labels } = groupRows(node, input);
  switch (node.op) {
    case 'sum':
      return evaluator.semantics === 'v2'
        ? fold(input, groupOf, labels, (held, value) => held + value)
        : compensated(input, groupOf, labels, new SumWithCompensation(labels.length * input.width));
    case 'avg':
      return evaluator.semantics === 'v2'
        ? plainMean(input, groupOf, labels)
        : compensated(input, groupOf, labels, new Mean(labels.length * input.width));
    case 'min':
      return fold(input, groupOf, labels, (held, value) => (value < held || Number.isNaN(held) ? value : held));
    case 'max':
      return fold(input, groupOf, labels, (held, value) => (value > held || Number.isNaN(held) ? value : held));
    case 'count':
      return count(input, groupOf, labels);
    case 'group':
      return fold(mapValues(input, 1), groupOf, labels, (held) => held);
    case 'stddev':
      return variance(input, groupOf, labels, Math.sqrt, evaluator);
    case 'stdvar':
      return variance(input, groupOf, labels, (value) => value, evaluator);
    case 'quantile':
      return quantiles(input, groupOf, labels, param ?? new Float64Array(input.width), evaluator);
    case 'count_values':
      return countValues(node, input, groupOf, labels, evaluator);
    case 'topk':
    case 'bottomk':
      return pick(node, input, groupOf, labels.length, param ?? new Float64Array(input.width), evaluator);
    default:
      return node.op satisfies never;
  }
}

/** The group of each row, numbered in order of appearance. */
function groupRows({ grouping }: Aggregation, input: Vector): { groupOf: Int32Array; labels: LabelSet[] } {
  const project = grouping.by ? LabelSet.keeping(grouping.labels) : LabelSet.dropping([...grouping.labels, '__name__']);
  const groupOf = new Int32Array(input.labels.length);
  const labels: LabelSet[] = [];
  const known = new Map<string, number>();
  input.labels.forEach((set, row) => {
    const group = project(set);
    let index = known.get(group.key);
    if (index === undefined) {
      index = labels.push(group) - 1;
      known.set(group.key, index);
    }
    groupOf[row] = index;
  });
  return { groupOf, labels };
}

/** Calls back for every cell that has a value, with its cell in the block of groups. */
function forEachCell(
  { labels, width, values, has }: Vector,
  groupOf: Int32Array,
  visit: (value: number, target: number) => void,
): void {
  for (let row = 0; row < labels.length; row++) {
    const offset = (groupOf[row] ?? 0) * width;
    for (let step = 0; step < width; step++) {
      const cell = row * width + step;
      if (has[cell] === 1) visit(values[cell] ?? 0, offset + step);
    }
  }
}

/** The first value of a group starts it; every other is folded in. */
function fold(
  input: Vector,
  groupOf: Int32Array,
  labels: LabelSet[],
  combine: (held: number, value: number) => number,
): Vector {
  const result = blankVector(labels, input.width);
  forEachCell(input, groupOf, (value, target) => {
    result.values[target] = result.has[target] === 1 ? combine(result.values[target] ?? 0, value) : value;
    result.has[target] = 1;
  });
  return result;
}

function mapValues(input: Vector, value: number): Vector {
  input.values.fill(value);
  return input;
}

function count(input: Vector, groupOf: Int32Array, labels: LabelSet[]): Vector {
  return fold(mapValues(input, 1), groupOf, labels, (held, value) => held + value);
}

function compensated(
  input: Vector,
  groupOf: Int32Array,
  labels: LabelSet[],
  folded: { add(cell: number, value: number): void; value(cell: number): number },
): Vector {
  const result = blankVector(labels, input.width);
  forEachCell(input, groupOf, (value, target) => {
    folded.add(target, value);
    result.has[target] = 1;
  });
  for (let cell = 0; cell < result.has.length; cell++) {
    if (result.has[cell] === 1) result.values[cell] = folded.value(cell);
  }
  return result;
}

/** Prometheus 2 moves the mean with each value, and lets rounding errors add up. */
function plainMean(input: Vector, groupOf: Int32Array, labels: LabelSet[]): Vector {
  const counts = new Float64Array(labels.length * input.width);
  const result = blankVector(labels, input.width);
  forEachCell(input, groupOf, (value, target) => {
    const seen = (counts[target] ?? 0) + 1;
    counts[target] = seen;
    result.values[target] = seen === 1 ? value : movedMean(result.values[target] ?? 0, value, seen);
    result.has[target] = 1;
  });
  return result;
}

/** Welford's method; Prometheus 3 also keeps what rounding loses. */
function variance(
  input: Vector,
  groupOf: Int32Array,
  labels: LabelSet[],
  finish: (variance: number) => number,
  { semantics }: Evaluator,
): Vector {
  const result = blankVector(labels, input.width);
  const counts = new Float64Array(result.values.length);
  const sums = semantics === 'v2' ? PlainSum : SumWithCompensation;
  const means = new sums(result.values.length);
  const squares = new sums(result.values.length);
  forEachCell(input, groupOf, (value, target) => {
    const seen = (counts[target] ?? 0) + 1;
    counts[target] = seen;
    result.has[target] = 1;
    // Prometheus 2 takes the first value as it is, so that a lone infinity deviates by 0.
    const distance = seen === 1 && semantics === 'v2' ? 0 : value - means.value(target);
    means.add(target, seen === 1 ? value : distance / seen);
    squares.add(target, distance === 0 ? 0 : distance * (value - means.value(target)));
  });
  for (let cell = 0; cell < counts.length; cell++) {
    if (result.has[cell] === 1) result.values[cell] = finish(squares.value(cell) / (counts[cell] ?? 1));
  }
  return result;
}

function quantiles(
  input: Vector,
  groupOf: Int32Array,
  labels: LabelSet[],
  param: Float64Array,
  { semantics }: Evaluator,
): Vector {
  const result = blankVector(labels, input.width);
  const members = new Map<number, number[]>();
  forEachCell(input, groupOf, (value, target) => {
    const list = members.get(target);
    if (list === undefined) members.set(target, [value]);
    else list.push(value);
  });
  for (const [target, list] of members) {
    result.values[target] = quantile(param[target % input.width] ?? Number.NaN, list, semantics);
    result.has[target] = 1;
  }
  return result;
}

/** How many series of a group have each value; the value becomes a label. */
function countValues(
  node: Aggregation,
  input: Vector,
  groupOf: Int32Array,
  groups: LabelSet[],
  evaluator: Evaluator,
): Vector {
  const { width, values, has } = input;
  const name = node.param?.kind === 'string' ? node.param.value : '';
  const rows = new Map<string, { labels: LabelSet; counts: Float64Array }>();
  groupOf.forEach((group, row) => {
    for (let step = 0; step < width; step++) {
      const cell = row * width + step;
      if (has[cell] === 0) continue;
      const labels = (groups[group] ?? LabelSet.empty).with(name, formatGo(values[cell] ?? 0));
      let found = rows.get(labels.key);
      if (found === undefined) {
        evaluator.budget.hold(1, width, node);
        found = { labels, counts: new Float64Array(width) };
        rows.set(labels.key, found);
      }
      found.counts[step] = (found.counts[step] ?? 0) + 1;
    }
  });
  const found = [...rows.values()];
  const result = blankVector(
    found.map(({ labels }) => labels),
    width,
  );
  found.forEach(({ counts }, row) => {
    result.values.set(counts, row * width);
    counts.forEach((count, step) => {
      result.has[row * width + step] = count > 0 ? 1 : 0;
    });
  });
  return result;
}

/** topk and bottomk keep whole series; NaN is the last choice of both. At one time the answer is in order of value. */
function pick(
  node: Aggregation,
  input: Vector,
  groupOf: Int32Array,
  groups: number,
  param: Float64Array,
  evaluator: Evaluator,
): Vector {
  const { width, values, has } = input;
  const sign = node.op === 'topk' ? -1 : 1;
  const picked = new Uint8Array(has.length);
  const order: number[] = [];
  for (let step = 0; step < width; step++) {
    const size = param[step] ?? 0;
    if (!(Math.abs(size) < 2 ** 63)) {
      throw evaluator.error(node.param ?? node, `${node.op} needs a whole number of series, got ${size}`);
    }
    const members: number[][] = Array.from({ length: groups }, () => []);
    groupOf.forEach((group, row) => {
      if (has[row * width + step] === 1) members[group]?.push(row);
    });
    for (const rows of members) {
      rows.sort((a, b) => byValue(values[a * width + step] ?? 0, values[b * width + step] ?? 0, sign));
      for (const row of rows.slice(0, Math.max(0, Math.trunc(size)))) {
        picked[row * width + step] = 1;
        order.push(row);
      }
    }
  }
  input.has = picked;
  return width === 1 ? reordered(input, order) : input;
}

function byValue(a: number, b: number, sign: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  if (Number.isNaN(b)) return -1;
  return a === b ? 0 : a < b ? -sign : sign;
}
