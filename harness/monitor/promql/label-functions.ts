import type { Call, Span } from './ast.ts';
import { isLabelName } from './names.ts';
import { compileRe2, type Re2Match } from './re2.ts';
import type { Semantics } from './semantics.ts';
import { argument, type Evaluator, mergeDuplicates, reordered, type Vector } from './vector.ts';

type Fail = (where: Span, problem: string) => Error;

/** The second argument is the label that is written; of label_join and sort_by_label, those that follow are read. */
export function checkLabels(call: Call, semantics: Semantics, error: Fail): void {
  call.args.forEach((arg, index) => {
    if (arg.kind !== 'string' || index === 0 || (call.name === 'label_join' && index === 2)) return;
    if (!isLabelName(arg.value, semantics)) throw error(arg, `${JSON.stringify(arg.value)} is not a label name`);
  });
}

export function checkLabelReplace(call: Call, semantics: Semantics, error: Fail): void {
  const [, target, , , pattern] = call.args;
  if (target?.kind === 'string' && !isLabelName(target.value, semantics)) {
    throw error(target, `${JSON.stringify(target.value)} is not a label name`);
  }
  if (pattern?.kind !== 'string') return;
  try {
    compileRe2(pattern.value);
  } catch (cause) {
    throw error(pattern, cause instanceof Error ? cause.message : String(cause));
  }
}

export function labelReplace(call: Call, evaluator: Evaluator): Vector {
  const vector = evaluator.vector(argument(call, 0));
  const [target = '', replacement = '', source = '', pattern = ''] = texts(call);
  const regex = compileRe2(pattern);
  vector.labels = vector.labels.map((labels) => {
    const match = regex.exec(labels.get(source));
    return match === undefined ? labels : labels.with(target, expand(replacement, match));
  });
  return mergeDuplicates(vector, call, evaluator);
}

/** Go's template: `$1`, `${1}`, `${name}`; `$$` is a dollar; what matched nothing is empty. */
function expand(template: string, match: Re2Match): string {
  return template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_whole, dollar, bare, braced) => {
    if (dollar !== undefined) return '$';
    const name = String(bare ?? braced);
    return (/^\d+$/.test(name) ? match.groups[Number(name)] : match.named(name)) ?? '';
  });
}

export function labelJoin(call: Call, evaluator: Evaluator): Vector {
  const vector = evaluator.vector(argument(call, 0));
  const [target = '', separator = '', ...sources] = texts(call);
  vector.labels = vector.labels.map((labels) =>
    labels.with(target, sources.map((source) => labels.get(source)).join(separator)),
  );
  return mergeDuplicates(vector, call, evaluator);
}

/** By the values of labels, numbers in them as numbers, then by all labels. Has no meaning over several times. */
export function sortedByLabel(call: Call, evaluator: Evaluator, sign: 1 | -1): Vector {
  const vector = evaluator.vector(argument(call, 0));
  if (vector.width !== 1) return vector;
  const names = texts(call);
  const order = vector.labels.map((_, row) => row);
  order.sort((a, b) => {
    const [first, second] = [vector.labels[a], vector.labels[b]];
    if (first === undefined || second === undefined) return 0;
    for (const name of names) {
      const found = natural(first.get(name), second.get(name));
      if (found !== 0) return sign * found;
    }
    return sign * (first.key < second.key ? -1 : first.key > second.key ? 1 : 0);
  });
  return reordered(vector, order);
}

/** `node-9` before `node-10`. */
function natural(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? []);
  for (const [index, part] of (left ?? []).entries()) {
    const other = right?.[index];
    if (other === undefined) return 1;
    const numbers = /^\d/.test(part) && /^\d/.test(other) ? Number(part) - Number(other) : 0;
    if (numbers !== 0) return numbers;
    if (part !== other) return part < other ? -1 : 1;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}

function texts(call: Call): string[] {
  return call.args.slice(1).map((arg) => (arg.kind === 'string' ? arg.value : ''));
}
