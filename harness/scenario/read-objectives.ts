import { formatDuration, type Limit } from '../units.ts';
import type { ParseContext } from './context.ts';
import type { FaultPlan, ObjectivePlan, StopPlan, WindowSelector } from './plan.ts';
import { isRecord, nearest, type Reader, relativeSite, show } from './reader.ts';
import { clientSloSchema, MEASURES, promqlSloSchema, stopRuleSchema } from './schemas.ts';

/** Reads the objectives, and the stop conditions that are written alike. */
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
  const given = Object.entries(MEASURES).flatMap(([key, known]) => {
    const limit = (parsed as Record<string, unknown>)[key] as Limit | undefined;
    return limit === undefined ? [] : [{ key, known, limit }];
  });
  const [only, ...more] = given;
  if (!only || more.length > 0) {
    const got = given.length === 0 ? 'none' : given.map(({ key }) => key).join(' and ');
    reader.problem(path, `expected exactly one of ${Object.keys(MEASURES).join(', ')}, got ${got}`);
    return undefined;
  }
  const { known, limit } = only;
  if (limit.unit !== known.unit) {
    reader.problem(
      [...path, only.key],
      `expected a limit such as '${known.example}', got ${show((spec as Record<string, unknown>)[only.key])}`,
    );
    return undefined;
  }
  return {
    ...base,
    source: 'client',
    of: parsed.of,
    measure: known.measure,
    op: limit.op,
    limitValue: limit.value,
    unit: limit.unit,
    limit: `${known.label} ${formatLimit(limit)}`,
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
    limit: formatLimit(parsed.is),
    during: windows(parsed.during),
    ...(parsed.noData === 'inconclusive' ? {} : { noData: parsed.noData }),
  };
}

export function readStopRules(raw: unknown, reader: Reader, context: ParseContext): StopPlan[] {
  const rules: StopPlan[] = [];
  for (const [index, value] of reader.list('stopWhen', raw).entries()) {
    const path = ['stopWhen', index];
    const rule = reader.read(path, stopRuleSchema, value);
    if (!rule || checkedPromql(rule.promql, [...path, 'promql'], reader, context) === undefined) continue;
    const { op, value: limitValue } = rule.is;
    rules.push({ expression: rule.promql, op, limitValue, limit: formatLimit(rule.is), forMs: rule.for });
  }
  return rules;
}

function checkedPromql(
  expression: string,
  path: PropertyKey[],
  reader: Reader,
  context: ParseContext,
): number | undefined {
  // `$window` stands for a duration that is known only after the run; any will do for checking the rest.
  const checked = context.checkPromql(expression.replaceAll('$window', '10s'));
  if (!checked.ok) {
    reader.problem(path, checked.problem);
    return undefined;
  }
  const fewest = 4 * SCRAPE_INTERVAL_MS;
  const shortest = checked.shortestRangeMs ?? checked.rangeMs;
  if (shortest > 0 && shortest < fewest) {
    reader.problem(
      path,
      `a range of ${formatDuration(shortest)} holds fewer than 4 scrapes; use ${formatDuration(fewest)} or more`,
    );
    return undefined;
  }
  return checked.rangeMs;
}

/** The monitor scrapes once a second. */
const SCRAPE_INTERVAL_MS = 1_000;

function windows(during: string | string[] | undefined): WindowSelector[] {
  const list = during === undefined ? ['steady', 'fault', 'recovery', 'whole'] : [during].flat();
  return list as WindowSelector[];
}

function formatLimit({ op, value, unit: of }: Limit): string {
  switch (of) {
    case 'ms':
      return `${op} ${value >= 1_000 && value % 1_000 === 0 ? `${value / 1_000} s` : `${value} ms`}`;
    case 'ratio':
      return `${op} ${Number((value * 100).toPrecision(6))} %`;
    case 'per second':
      return `${op} ${value}/s`;
    case 'number':
      return `${op} ${value}`;
    default:
      return of satisfies never;
  }
}
