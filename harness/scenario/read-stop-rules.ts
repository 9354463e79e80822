import { checkedPromql } from './checked-promql.ts';
import type { ParseContext } from './context.ts';
import { limitText } from './limit-text.ts';
import type { StopPlan } from './plan.ts';
import { readMeasure } from './read-measure.ts';
import { isRecord, type Reader, show } from './reader.ts';
import { clientStopSchema, HEALTH, healthStopSchema, promqlStopSchema } from './schemas.ts';

/** Reads what ends a run before its time. */
export function readStopRules(raw: unknown, reader: Reader, context: ParseContext): StopPlan[] {
  return reader.list('stopWhen', raw).flatMap((value, index) => {
    const path = ['stopWhen', index];
    if (!isRecord(value)) {
      reader.problem(
        path,
        `expected { promql, is, for }, { of, errors, for } or { harness, is, for }, got ${show(value)}`,
      );
      return [];
    }
    const rule =
      'of' in value
        ? ofRequests(value, path, reader)
        : 'harness' in value
          ? ofHarness(value, path, reader)
          : ofPromql(value, path, reader, context);
    return rule ?? [];
  });
}

function ofPromql(value: unknown, path: PropertyKey[], reader: Reader, context: ParseContext): StopPlan | undefined {
  const rule = reader.read(path, promqlStopSchema, value);
  if (!rule || checkedPromql(rule.promql, [...path, 'promql'], reader, context) === undefined) return undefined;
  const { promql: expression, is, for: forMs } = rule;
  return { source: 'promql', what: expression, expression, ...limitOf(is), forMs };
}

function ofRequests(value: unknown, path: PropertyKey[], reader: Reader): StopPlan | undefined {
  const rule = reader.read(path, clientStopSchema, value);
  const found = rule && readMeasure(rule, value, path, reader);
  if (!found) return undefined;
  const { measure, label, limit } = found;
  return { source: 'client', what: `${label} of ${rule.of}`, of: rule.of, measure, ...limitOf(limit), forMs: rule.for };
}

function ofHarness(value: unknown, path: PropertyKey[], reader: Reader): StopPlan | undefined {
  const rule = reader.read(path, healthStopSchema, value);
  if (!rule) return undefined;
  const { harness: health, is, for: forMs } = rule;
  const { unit, example } = HEALTH[health];
  if (is.unit !== unit) {
    reader.problem([...path, 'is'], `expected a limit such as '${example}', got ${show(isRecord(value) && value.is)}`);
    return undefined;
  }
  return { source: 'harness', what: `the harness' ${health}`, health, ...limitOf(is), forMs };
}

function limitOf(limit: Parameters<typeof limitText>[0]): Pick<StopPlan, 'op' | 'limitValue' | 'limit'> {
  return { op: limit.op, limitValue: limit.value, limit: limitText(limit) };
}
