import { LabelSet } from '../labels.ts';
import { type ArithmeticOp, type Binary, type ComparisonOp, isComparison, type Matching, type SetOp } from './ast.ts';
import { blankVector, type Evaluator, mergeDuplicates, type Scalar, type Vector, withoutNames } from './vector.ts';

type Values = Scalar | Vector;

/** The value of a binary operator over scalars, a vector and a scalar, or two vectors. */
export function binary(node: Binary, left: Values, right: Values, evaluator: Evaluator): Values {
  const { op } = node;
  if (op === 'and' || op === 'or' || op === 'unless') {
    if (left.kind === 'scalar' || right.kind === 'scalar') throw evaluator.error(node, `"${op}" needs two vectors`);
    return setOperation(node, op, left, right, evaluator);
  }
  const compute = OPERATIONS[op];
  if (left.kind === 'vector' && right.kind === 'vector') return matched(node, compute, left, right, evaluator);
  if (left.kind === 'vector') return withScalar(node, left, right, compute, evaluator);
  if (right.kind === 'vector') {
    // A filter keeps the vector's value, on whichever side it stands.
    return withScalar(node, right, left, (vector, scalar) => compute(scalar, vector), evaluator);
  }
  return { kind: 'scalar', values: left.values.map((value, step) => compute(value, right.values[step] ?? 0)) };
}

/** Comparisons answer 0 or 1. */
const OPERATIONS: Record<ArithmeticOp | ComparisonOp, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
};

/** IEEE 754 says that 1 to any power is 1, and so is -1 to an infinite one; JavaScript says NaN. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) return 1;
  return base ** exponent;
}

/** A comparison without bool drops what does not hold and keeps the rest as it was, name included. */
function filters({ op, bool }: Binary): boolean {
  return isComparison(op) && !bool;
}

/** Prometheus 2 forgot that atan2 measures something else. */
function keepsName(node: Binary, { semantics }: Evaluator): boolean {
  return filters(node) || (node.op === 'atan2' && semantics === 'v2');
}

function withScalar(
  node: Binary,
  vector: Vector,
  scalar: Values,
  compute: (vectorValue: number, scalarValue: number) => number,
  evaluator: Evaluator,
): Vector {
  const { width, values, has } = vector;
  const keepsValue = filters(node);
  for (let cell = 0; cell < values.length; cell++) {
    const result = compute(values[cell] ?? 0, scalar.values[cell % width] ?? 0);
    if (!keepsValue) values[cell] = result;
    else if (result === 0) has[cell] = 0;
  }
  return keepsName(node, evaluator) ? vector : withoutNames(vector, node, evaluator);
}

/** The labels two series must share to match, as one set. */
function signature(matching: Matching | undefined): (labels: LabelSet) => LabelSet {
  return matching?.on
    ? LabelSet.keeping(matching.labels)
    : LabelSet.dropping([...(matching?.labels ?? []), '__name__']);
}

function rowsBySignature(vector: Vector, sign: (labels: LabelSet) => LabelSet): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  vector.labels.forEach((labels, row) => {
    const { key } = sign(labels);
    const list = rows.get(key);
    if (list === undefined) rows.set(key, [row]);
    else list.push(row);
  });
  return rows;
}

function setOperation(node: Binary, op: SetOp, left: Vector, right: Vector, evaluator: Evaluator): Vector {
  const sign = signature(node.matching);
  const { width } = left;
  // `or` takes from the right what the left has no match for; `and` and `unless` thin out the left.
  const [kept, other] = op === 'or' ? [right, left] : [left, right];
  const otherRows = rowsBySignature(other, sign);
  kept.labels.forEach((labels, row) => {
    const partners = otherRows.get(sign(labels).key) ?? [];
    for (let step = 0; step < width; step++) {
      const isMatched = partners.some((partner) => other.has[partner * width + step] === 1);
      if (isMatched !== (op === 'and')) kept.has[row * width + step] = 0;
    }
  });
  if (op !== 'or') return left;

  const both = blankVector([...left.labels, ...right.labels], width);
  both.values.set(left.values);
  both.has.set(left.has);
  both.values.set(right.values, left.values.length);
  both.has.set(right.has, left.has.length);
  return mergeDuplicates(both, node, evaluator);
}

type Compute = (left: number, right: number) => number;

/**
 * Matches two vectors series by series. The side that may have several series for one match is called many; in a
 * one-to-one match it is the left one, and a second series of a match is an error there too.
 */
function matched(node: Binary, compute: Compute, left: Vector, right: Vector, evaluator: Evaluator): Vector {
  const { matching } = node;
  const cardinality = matching?.cardinality ?? 'one-to-one';
  const swapped = cardinality === 'one-to-many';
  const [many, one] = swapped ? [right, left] : [left, right];
  const { width } = many;
  const sign = signature(matching);
  const oneRows = rowsBySignature(one, sign);
  refuseSecondPartner(node, oneRows, many, one, swapped ? 'left' : 'right', evaluator);
  if (cardinality === 'one-to-one') {
    refuseSecondMatch(node, rowsBySignature(many, sign), oneRows, many, one, compute, evaluator);
  }
  const pairs = pairRows(many, oneRows, sign);

  const label = resultLabels(node, evaluator);
  const labels = pairs.map(([manyRow, oneRow]) =>
    label(many.labels[manyRow] ?? LabelSet.empty, one.labels[oneRow] ?? LabelSet.empty),
  );
  evaluator.budget.hold(labels.length, width, node);
  const result = blankVector(labels, width);
  const keepsValue = filters(node);
  pairs.forEach(([manyRow, oneRow], row) => {
    for (let step = 0; step < width; step++) {
      const manyCell = manyRow * width + step;
      const oneCell = oneRow * width + step;
      if (many.has[manyCell] === 0 || one.has[oneCell] === 0) continue;
      const manyValue = many.values[manyCell] ?? 0;
      const oneValue = one.values[oneCell] ?? 0;
      const leftValue = swapped ? oneValue : manyValue;
      const value = compute(leftValue, swapped ? manyValue : oneValue);
      if (keepsValue && value === 0) continue;
      result.values[row * width + step] = keepsValue ? leftValue : value;
      result.has[row * width + step] = 1;
    }
  });
  const problem = (set: LabelSet) =>
    cardinality === 'one-to-one'
      ? `the result has two series with the same labels ${set}`
      : `several series give the same result ${set}; the labels of ${swapped ? 'group_right' : 'group_left'} must tell them apart`;
  return mergeDuplicates(result, node, evaluator, problem);
}

/** Every row of the many side with each row of the one side that it may match at some time. */
function pairRows(
  many: Vector,
  oneRows: ReadonlyMap<string, number[]>,
  sign: (labels: LabelSet) => LabelSet,
): (readonly [manyRow: number, oneRow: number])[] {
  return many.labels.flatMap((labels, manyRow) =>
    (oneRows.get(sign(labels).key) ?? []).map((oneRow) => [manyRow, oneRow] as const),
  );
}

/** Two series of the one side with the same signature at the same time: nobody can say which is meant. */
function refuseSecondPartner(
  node: Binary,
  oneRows: ReadonlyMap<string, number[]>,
  many: Vector,
  one: Vector,
  side: 'left' | 'right',
  evaluator: Evaluator,
): void {
  const { width } = one;
  for (const rows of oneRows.values()) {
    if (rows.length < 2) continue;
    for (let step = 0; step < width; step++) {
      const [first, second] = rows.filter((row) => one.has[row * width + step] === 1);
      if (first === undefined || second === undefined || !hasAny(many, step)) continue;
      throw evaluator.error(
        node,
        `two series on the ${side} side match the same labels: ${one.labels[first]} and ${one.labels[second]}; ` +
          `add labels to on(...), or aggregate that side first`,
      );
    }
  }
}

/**
 * Two series of the left side for one of the right, without group_left. Prometheus 2 minds only those that a comparison
 * lets pass.
 */
function refuseSecondMatch(
  node: Binary,
  manyRows: ReadonlyMap<string, number[]>,
  oneRows: ReadonlyMap<string, number[]>,
  many: Vector,
  one: Vector,
  compute: Compute,
  evaluator: Evaluator,
): void {
  const { width } = many;
  const mindsAll = evaluator.semantics === 'v3' || !filters(node);
  for (const [key, rows] of manyRows) {
    const partners = oneRows.get(key);
    if (rows.length < 2 || partners === undefined) continue;
    for (let step = 0; step < width; step++) {
      const partner = partners.find((row) => one.has[row * width + step] === 1);
      if (partner === undefined) continue;
      const value = one.values[partner * width + step] ?? 0;
      const [first, second] = rows.filter((row) => {
        const cell = row * width + step;
        return many.has[cell] === 1 && (mindsAll || compute(many.values[cell] ?? 0, value) !== 0);
      });
      if (first === undefined || second === undefined) continue;
      throw evaluator.error(
        node,
        `two series on the left side match the same labels: ${many.labels[first]} and ${many.labels[second]}; ` +
          'write group_left for a many-to-one match',
      );
    }
  }
}

function hasAny({ labels, width, has }: Vector, step: number): boolean {
  return labels.some((_, row) => has[row * width + step] === 1);
}

/** The labels of a result, from the series of the many side and its match. */
function resultLabels(node: Binary, evaluator: Evaluator): (many: LabelSet, one: LabelSet) => LabelSet {
  const { matching } = node;
  const named = keepsName(node, evaluator) ? (labels: LabelSet) => labels : LabelSet.nameless;
  if (matching === undefined) return named;
  if (matching.cardinality === 'one-to-one') {
    const project = matching.on ? LabelSet.keeping(matching.labels) : LabelSet.dropping(matching.labels);
    return (many) => project(named(many));
  }
  return (many, one) => matching.include.reduce((labels, name) => labels.with(name, one.get(name)), named(many));
}
