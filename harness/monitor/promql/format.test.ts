import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  AGGREGATORS,
  type AtModifier,
  BINDING_POWER,
  type BinaryOp,
  type Expr,
  isComparison,
  isSetOp,
  type Matcher,
  type Matching,
  type Shift,
} from './ast.ts';
import { format } from './format.ts';
import { parse } from './parser.ts';

const anywhere = { at: 0, end: 0 };
const word = fc.constantFrom(
  'a',
  'my.label',
  'job',
  'x_total',
  'le',
  'sum',
  'by',
  'offset',
  'and',
  'bool',
  'on',
  'inf',
);
const text = fc.string({ unit: 'binary', maxLength: 6 }).filter((value) => value.isWellFormed());
const durationMs = fc.oneof(fc.integer({ min: 1, max: 10_000_000 }), fc.constantFrom(1_000, 60_000, 86_400_000));

const shift: fc.Arbitrary<Shift> = fc.record({
  offsetMs: fc.oneof(fc.constant(0), fc.integer({ min: -5_000_000, max: 5_000_000 })),
  atTime: fc.oneof(
    fc.constant(undefined),
    fc.constantFrom<AtModifier>({ kind: 'start' }, { kind: 'end' }),
    fc.integer({ min: -1_000, max: 2_000_000_000_000 }).map((tMs): AtModifier => ({ kind: 'time', tMs })),
  ),
});
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({ name: word, op: fc.constantFrom('=' as const, '!=' as const), value: text }),
  fc.record({
    name: word,
    op: fc.constantFrom('=~' as const, '!~' as const),
    value: fc.constantFrom('a|b', '.*', '\\d+"'),
  }),
);
const selector = fc.tuple(word, fc.array(matcher, { maxLength: 2 }), shift).map(([name, rest, shifts]) => ({
  kind: 'selector' as const,
  matchers: [{ name: '__name__', op: '=' as const, value: name }, ...rest],
  ...shifts,
  ...anywhere,
}));

function matchingOf(op: BinaryOp): fc.Arbitrary<Matching | undefined> {
  const labels = fc.uniqueArray(fc.constantFrom('a', 'b.c', 'by'), { maxLength: 2 });
  const include = fc.uniqueArray(fc.constantFrom('c', 'on'), { maxLength: 2 });
  const plain = fc.record<Matching>({
    on: fc.boolean(),
    labels,
    cardinality: fc.constant(isSetOp(op) ? 'many-to-many' : 'one-to-one'),
    include: fc.constant([]),
  });
  if (isSetOp(op)) return fc.option(plain, { nil: undefined });
  const cardinality = fc.constantFrom<Matching['cardinality']>('many-to-one', 'one-to-many');
  return fc.option(fc.oneof(plain, fc.record<Matching>({ on: fc.boolean(), labels, cardinality, include })), {
    nil: undefined,
  });
}

const { tree } = fc.letrec<{ tree: Expr }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    selector,
    fc.double({ min: 0, noNaN: false }).map((value) => ({ kind: 'number' as const, value: value + 0, ...anywhere })),
    text.map((value) => ({ kind: 'string' as const, value, ...anywhere })),
    fc
      .tuple(selector, durationMs)
      .map(([inner, rangeMs]) => ({ kind: 'range' as const, selector: inner, rangeMs, ...anywhere })),
    fc
      .tuple(tie('tree'), durationMs, fc.option(durationMs, { nil: undefined }), shift)
      .map(([expr, rangeMs, stepMs, shifts]) => ({
        kind: 'subquery' as const,
        expr,
        rangeMs,
        stepMs,
        ...shifts,
        ...anywhere,
      })),
    fc.tuple(fc.constantFrom('rate', 'time', 'foo'), fc.array(tie('tree'), { maxLength: 3 })).map(([name, args]) => ({
      kind: 'call' as const,
      name,
      args,
      ...anywhere,
    })),
    fc
      .tuple(
        fc.constantFrom(...AGGREGATORS),
        tie('tree'),
        tie('tree'),
        fc.boolean(),
        fc.uniqueArray(word, { maxLength: 2 }),
      )
      .map(([op, param, expr, by, labels]) => ({
        kind: 'aggregation' as const,
        op,
        param: ['topk', 'bottomk', 'quantile', 'count_values'].includes(op) ? param : undefined,
        expr,
        grouping: { by, labels },
        ...anywhere,
      })),
    fc.constantFrom(...(Object.keys(BINDING_POWER) as BinaryOp[])).chain((op) =>
      fc.record({
        kind: fc.constant('binary' as const),
        op: fc.constant(op),
        bool: isComparison(op) ? fc.boolean() : fc.constant(false),
        matching: matchingOf(op),
        left: tie('tree'),
        right: tie('tree'),
        at: fc.constant(0),
        end: fc.constant(0),
      }),
    ),
    fc.tuple(fc.constantFrom('+' as const, '-' as const), tie('tree')).map(([op, expr]) => ({
      kind: 'unary' as const,
      op,
      expr,
      ...anywhere,
    })),
  ),
}));

test('a tree, written and read again, is the same tree', () => {
  fc.assert(
    fc.property(tree, (expr) => {
      expect(withoutPlaces(parse(format(expr)))).toEqual(withoutPlaces(expr));
    }),
    { numRuns: 1_000 },
  );
});

test('an expression is written the way a person would', () => {
  const expression = 'sum by (le,job)(rate(x{a="b",c!~"d"}[90s] offset 60s))/ignoring(le)group_left y>bool(1+2)*3';
  expect(format(parse(expression))).toBe(
    'sum by (le, job) (rate(x{a="b", c!~"d"}[1m30s] offset 1m)) / ignoring (le) group_left () y > bool (1 + 2) * 3',
  );
});

function withoutPlaces(expr: Expr): unknown {
  return JSON.parse(
    JSON.stringify(expr, (key, value) =>
      key === 'at' || key === 'end'
        ? undefined
        : typeof value === 'number' && !Number.isFinite(value)
          ? String(value)
          : value,
    ),
  );
}
