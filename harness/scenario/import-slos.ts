import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { EXIT, messageOf, type Problem, StampedeError } from '../errors.ts';

/** A promise as it was written elsewhere, in the terms of `slo(...)`. */
export interface ImportedSlo {
  name: string;
  spec: { promql: string; is: string };
}

/**
 * Reads promises from an OpenSLO v1 or a Sloth file. Each becomes the share of bad events over the whole window, which
 * must stay within what the objective allows; periods of 30 days and alerting settings say nothing about a run and are
 * passed over. Throws StampedeError that lists every part that is not understood, with its path.
 */
export function importSlos(path: string): ImportedSlo[] {
  const problems: Problem[] = [];
  const found = documentsOf(path).flatMap((document, index) => {
    const read = document !== null && typeof document === 'object' && 'apiVersion' in document ? openSlo : sloth;
    const result = read.safeParse(document);
    if (result.success) return result.data;
    for (const { path: inside, message } of result.error.issues) {
      problems.push({ path: [`document ${index + 1}`, ...inside.map(String)].join('.'), message });
    }
    return [];
  });
  if (problems.length === 0) return found;
  const many = problems.length === 1 ? 'a part' : `${problems.length} parts`;
  throw new StampedeError('scenario/slo-import', `${path} has ${many} that cannot be imported.`, {
    exitCode: EXIT.usage,
    problems,
    hint: 'docs/promql.md says what is taken of OpenSLO and Sloth',
  });
}

function documentsOf(path: string): unknown[] {
  try {
    return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS();
    });
  } catch (error) {
    throw new StampedeError('scenario/slo-import', `Cannot import promises from ${path}: ${messageOf(error)}`, {
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}

/** `{{.window}}` is Sloth's word for `$window`. */
const query = z
  .string()
  .min(1)
  .transform((text) => text.trim().replaceAll(/\{\{\s*\.window\s*\}\}/g, '$window'));

const percent = z.number().gt(0, 'expected a percentage above 0').lt(100, 'expected a percentage below 100');

function promise(name: string, errorRatio: string, goodPercent: number): ImportedSlo {
  return { name, spec: { promql: errorRatio, is: `<= ${Number((100 - goodPercent).toPrecision(10))}%` } };
}

const anything = z.unknown().optional();

const slothEvents = z.strictObject({ events: z.strictObject({ error_query: query, total_query: query }) });
const slothRaw = z.strictObject({ raw: z.strictObject({ error_ratio_query: query }) });

const sloth = z
  .strictObject({
    version: z.literal('prometheus/v1'),
    service: z.string().min(1),
    labels: anything,
    slos: z.array(
      z.strictObject({
        name: z.string().min(1),
        description: anything,
        labels: anything,
        alerting: anything,
        objective: percent,
        sli: z.union([slothEvents, slothRaw], {
          error: () =>
            'expected events: { error_query, total_query } or raw: { error_ratio_query }; plugins are not supported',
        }),
      }),
    ),
  })
  .transform(({ service, slos }) =>
    slos.map(({ name, objective, sli }) =>
      promise(
        `${service} ${name}`,
        'raw' in sli ? sli.raw.error_ratio_query : `(${sli.events.error_query}) / (${sli.events.total_query})`,
        objective,
      ),
    ),
  );

const metricSource = z
  .strictObject({
    metricSource: z.strictObject({
      type: z.string().regex(/^prometheus$/i, 'expected Prometheus'),
      metricSourceRef: anything,
      spec: z.strictObject({ query }),
    }),
  })
  .transform((source) => source.metricSource.spec.query);

const openSlo = z
  .strictObject({
    apiVersion: z.literal('openslo/v1'),
    kind: z.literal('SLO', { error: () => 'only SLO is supported' }),
    metadata: z.looseObject({ name: z.string().min(1) }),
    spec: z.strictObject({
      description: anything,
      service: anything,
      timeWindow: anything,
      budgetingMethod: z.literal('Occurrences', { error: () => 'only Occurrences is supported' }),
      alertPolicies: anything,
      indicator: z.strictObject({
        metadata: anything,
        spec: z.strictObject({
          description: anything,
          ratioMetric: z.strictObject({
            counter: anything,
            good: metricSource.optional(),
            bad: metricSource.optional(),
            total: metricSource,
          }),
        }),
      }),
      objectives: z
        .array(
          z.strictObject({
            displayName: anything,
            target: z.number().gt(0).lt(1).optional(),
            targetPercent: percent.optional(),
          }),
        )
        .length(1, 'expected one objective'),
    }),
  })
  .transform(({ metadata, spec }, context) => {
    const { good, bad, total } = spec.indicator.spec.ratioMetric;
    const [objective] = spec.objectives;
    const goodPercent = objective?.targetPercent ?? (objective?.target ?? Number.NaN) * 100;
    if (Number.isNaN(goodPercent) || (good === undefined) === (bad === undefined)) {
      const message = Number.isNaN(goodPercent)
        ? 'expected a target or a targetPercent'
        : 'expected either good or bad';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    const ratio = bad === undefined ? `1 - (${good}) / (${total})` : `(${bad}) / (${total})`;
    return [promise(metadata.name, ratio, goodPercent)];
  });
