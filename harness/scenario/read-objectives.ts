import { checkedPromql } from './checked-promql.ts';
import type { ParseContext } from './context.ts';
import { limitText } from './limit-text.ts';
import type { FaultPlan, ObjectivePlan, WindowSelector } from './plan.ts';
import { readMeasure } from './read-measure.ts';
import { isRecord, nearest, type Reader, relativeSite, show } from './reader.ts';
import { clientSloSchema, promqlSloSchema } from './schemas.ts';

/** Reads the objectives. */
export function readSlos(raw: unknown, reader: Reader, context: ParseContext, faults: FaultPlan[]): ObjectivePlan[] {
  const objectives: ObjectivePlan[] = [];
  for (const [index, value] of reader.list('slos', raw).entries()) {
    const path = ['slos', index];
    if (!isRecord(value) || typeof value.name !== 'string' || !isRecord(value.spec)) {
      reader.problem(path, `expected slo('name', {...}), got ${show(value)}`);
      continue;
    }
    const { name, spec } = value;
    if (objectives.some((other) => other.name === name))
      reader.problem(path, `another objective is called '${name}' already`);
    const at = reader.siteOf(path);
    const base = { name, ...(at === undefined ? {} : { at: relativeSite(at) }) };
    const objective =
      'promql' in spec ? readPromqlSlo(base, spec, path, reader, context) : readClientSlo(base, spec, path, reader);
    if (!objective) continue;
    for (const window of objective.during) {
      const [, fault] = window.split(':');
      if (fault !== undefined && !faults.some((candidate) => candidate.name === fault)) {
        reader.problem(
          [...path, 'during'],
          `no fault is called '${fault}'. ${nearest(
            fault,
            faults.map((candidate) => candidate.name),
          )}`,
        );
      }
    }
    objectives.push(objective);
  }
  return objectives;
}

type Base = { name: string; at?: string };

function readClientSlo(base: Base, spec: unknown, path: PropertyKey[], reader: Reader): ObjectivePlan | undefined {
  const parsed = reader.read(path, clientSloSchema, spec);
  if (!parsed) return undefined;
  const found = readMeasure(parsed, spec, path, reader);
  if (!found) return undefined;
  const { measure, label, limit } = found;
  return {
    ...base,
    source: 'client',
    of: parsed.of,
    measure,
    op: limit.op,
    limitValue: limit.value,
    unit: limit.unit,
    limit: `${label} ${limitText(limit)}`,
    during: windows(parsed.during),
  };
}

function readPromqlSlo(
  base: Base,
  spec: unknown,
  path: PropertyKey[],
  reader: Reader,
  context: ParseContext,
): ObjectivePlan | undefined {
  const parsed = reader.read(path, promqlSloSchema, spec);
  if (!parsed) return undefined;
  const rangeMs = checkedPromql(parsed.promql, [...path, 'promql'], reader, context);
  if (rangeMs === undefined) return undefined;
  return {
    ...base,
    source: 'promql',
    expression: parsed.promql,
    rangeMs,
    op: parsed.is.op,
    limitValue: parsed.is.value,
    unit: parsed.is.unit,
    limit: limitText(parsed.is),
    during: windows(parsed.during),
    ...(parsed.noData === 'inconclusive' ? {} : { noData: parsed.noData }),
  };
}

function windows(during: string | string[] | undefined): WindowSelector[] {
  const list = during === undefined ? ['steady', 'fault', 'recovery', 'whole'] : [during].flat();
  return list as WindowSelector[];
}
