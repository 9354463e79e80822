import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { EXIT, messageOf, type Problem, StampedeError } from '../../errors.ts';
import { parsePromDuration } from '../promql/duration.ts';
import { isPlainName } from '../promql/names.ts';
import { promql } from '../promql/promql.ts';
import { checkTemplate } from './template.ts';

export interface RecordingRule {
  kind: 'record';
  record: string;
  expr: string;
  labels: Record<string, string>;
}

export interface AlertingRule {
  kind: 'alert';
  alert: string;
  expr: string;
  forMs: number;
  keepFiringForMs: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface RuleGroup {
  name: string;
  /** Undefined: each time the engine is told to. */
  intervalMs: number | undefined;
  rules: (RecordingRule | AlertingRule)[];
}

const duration = z.string().transform((text, context) => {
  const ms = /^(\d+(ms|[smhdwy]))+$/.test(text) ? parsePromDuration(text) : undefined;
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: `expected a duration such as 5m, got ${JSON.stringify(text)}` });
  return z.NEVER;
});

const expression = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    promql(String(value));
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
  }
  return String(value);
});

const template = z.string().superRefine((text, context) => {
  const problem = checkTemplate(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

const labels = z
  .record(
    z.string().refine((name) => isPlainName(name) && name !== '__name__', 'expected the name of a label'),
    template,
  )
  .default({});

const recordSchema = z.strictObject({
  record: z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'expected the name of a metric'),
  expr: expression,
  labels,
});
const alertSchema = z.strictObject({
  alert: z.string().min(1),
  expr: expression,
  for: duration.default(0),
  keep_firing_for: duration.default(0),
  labels,
  annotations: z.record(z.string(), template).default({}),
});
const fileSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string().min(1),
      interval: duration.optional(),
      rules: z.array(z.unknown()),
    }),
  ),
});

/** Reads Prometheus' rule file. Throws StampedeError that lists every problem with its path. */
export function parseRuleFile(text: string, name: string): RuleGroup[] {
  const problems: Problem[] = [];
  const read = <Output>(schema: z.ZodType<Output>, value: unknown, path: string): Output | undefined => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      problems.push({
        path: [path, ...issue.path.map(String)].filter((part) => part !== '').join('.'),
        message: issue.message,
      });
    }
    return undefined;
  };
  const file = read(fileSchema, yamlOf(text, name), '');
  const groups = (file?.groups ?? []).map((group, index): RuleGroup => {
    if (file?.groups.findIndex((other) => other.name === group.name) !== index) {
      problems.push({
        path: `groups.${index}.name`,
        message: `another group is called ${JSON.stringify(group.name)} already`,
      });
    }
    const rules = group.rules.flatMap((raw, at): RuleGroup['rules'] => {
      const path = `groups.${index}.rules.${at}`;
      const isAlert = typeof raw === 'object' && raw !== null && 'alert' in raw;
      if (!isAlert) {
        const rule = read(recordSchema, raw, path);
        return rule === undefined ? [] : [{ kind: 'record', ...rule }];
      }
      const rule = read(alertSchema, raw, path);
      if (rule === undefined) return [];
      const { for: forMs, keep_firing_for: keepFiringForMs, ...rest } = rule;
      return [{ kind: 'alert', ...rest, forMs, keepFiringForMs }];
    });
    return { name: group.name, intervalMs: group.interval, rules };
  });
  if (problems.length === 0) return groups;
  const many = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  throw new StampedeError('monitor/rules', `${name} has ${many}.`, { exitCode: EXIT.usage, problems });
}

function yamlOf(text: string, name: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw new StampedeError('monitor/rules', `${name} is not YAML: ${messageOf(error)}`, {
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}
