import {
  type Aggregation,
  BINDING_POWER,
  type Binary,
  type Expr,
  type Matcher,
  type Matching,
  type Shift,
  UNARY_BINDING_POWER,
  type VectorSelector,
} from './ast.ts';
import { formatPromDuration } from './duration.ts';
import { isPlainName } from './names.ts';

/** The text of a syntax tree: `parse(format(tree))` is the tree again, but for its positions. */
export function format(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return formatNumber(expr.value);
    case 'string':
      return JSON.stringify(expr.value);
    case 'selector':
      return formatSelector(expr) + formatShift(expr);
    case 'range':
      return `${formatSelector(expr.selector)}[${formatPromDuration(expr.rangeMs)}]${formatShift(expr.selector)}`;
    case 'subquery': {
      const step = expr.stepMs === undefined ? '' : formatPromDuration(expr.stepMs);
      const inner =
        expr.expr.kind === 'unary' || expr.expr.kind === 'binary' ? `(${format(expr.expr)})` : format(expr.expr);
      return `${inner}[${formatPromDuration(expr.rangeMs)}:${step}]${formatShift(expr)}`;
    }
    case 'call':
      return `${expr.name}(${expr.args.map(format).join(', ')})`;
    case 'aggregation':
      return formatAggregation(expr);
    case 'binary':
      return formatBinary(expr);
    case 'unary':
      return `${expr.op}${formatOperand(expr.expr, UNARY_BINDING_POWER, expr.expr.kind === 'unary')}`;
    default:
      return expr satisfies never;
  }
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value === Number.POSITIVE_INFINITY ? 'Inf' : String(value);
}

function formatSelector({ matchers }: VectorSelector): string {
  const [first, ...rest] = matchers;
  const isPlainName = first !== undefined && isName(first) && PLAIN_NAME.test(first.value) && !rest.some(isName);
  const inBraces = isPlainName ? rest : matchers;
  const braces = inBraces.map(({ name, op, value }) => `${formatName(name)}${op}${JSON.stringify(value)}`).join(', ');
  return `${isPlainName ? first.value : ''}${braces === '' ? '' : `{${braces}}`}`;
}

function formatNames(names: readonly string[]): string {
  return names.map(formatName).join(', ');
}

function formatName(name: string): string {
  return isPlainName(name) ? name : JSON.stringify(name);
}

// The others mean something else where a metric may stand: a number, or a modifier of the operator before.
const PLAIN_NAME = /^(?!(?:inf|nan|bool|on|ignoring|group_left|group_right)$)[a-z_:][a-z0-9_:]*$/i;

function isName({ name, op }: Matcher): boolean {
  return name === '__name__' && op === '=';
}

function formatShift({ offsetMs, atTime }: Shift): string {
  const time = atTime === undefined ? '' : atTime.kind === 'time' ? ` @ ${atTime.tMs / 1000}` : ` @ ${atTime.kind}()`;
  return `${time}${offsetMs === 0 ? '' : ` offset ${formatPromDuration(offsetMs)}`}`;
}

function formatAggregation({ op, param, expr, grouping }: Aggregation): string {
  const clause = grouping.by
    ? grouping.labels.length > 0 && ` by (${formatNames(grouping.labels)}) `
    : ` without (${formatNames(grouping.labels)}) `;
  const args = param === undefined ? format(expr) : `${format(param)}, ${format(expr)}`;
  return `${op}${clause || ''}(${args})`;
}

function formatBinary({ op, bool, matching, left, right }: Binary): string {
  const power = BINDING_POWER[op];
  const modifiers = `${bool ? ' bool' : ''}${matching === undefined ? '' : formatMatching(matching)}`;
  return `${formatOperand(left, power, op !== '^')} ${op}${modifiers} ${formatOperand(right, power, op === '^')}`;
}

function formatMatching({ on, labels, cardinality, include }: Matching): string {
  const group =
    cardinality === 'many-to-one' ? 'group_left' : cardinality === 'one-to-many' ? 'group_right' : undefined;
  return ` ${on ? 'on' : 'ignoring'} (${formatNames(labels)})${group === undefined ? '' : ` ${group} (${formatNames(include)})`}`;
}

/** Parentheses where the operand binds less tightly than the operator, or as tightly on the side that does not group. */
function formatOperand(expr: Expr, power: number, groups: boolean): string {
  const own = expr.kind === 'binary' ? BINDING_POWER[expr.op] : expr.kind === 'unary' ? UNARY_BINDING_POWER : 9;
  return own < power || (own === power && !groups) ? `(${format(expr)})` : format(expr);
}
