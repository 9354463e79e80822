import { z } from 'zod';
import type { ThinkTime } from '../load/think-time.ts';
import type { User } from '../load/user.ts';
import type { LimitUnit } from '../units.ts';
import { parseDuration, parseDurationRange, parseLimit } from '../units.ts';
import type { ClientMeasure } from './plan.ts';
import { isRecord, show } from './reader.ts';
import type { Flow } from './scenario.ts';

/** The shapes of a scenario's parts. Messages say what was expected and what came. */

const duration = unit(parseDuration, "a duration such as '90s' or '5m'");

function unit<Value>(parse: (text: string) => Value | undefined, expected: string) {
  return readBy((given) => (typeof given === 'string' ? parse(given) : undefined), expected);
}

function readBy<Value>(parse: (given: unknown) => Value | undefined, expected: string) {
  return z.unknown().transform((given, context): Value => {
    const value = parse(given);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `expected ${expected}, got ${show(given)}` });
    return z.NEVER;
  });
}

/** A limit in one unit, read for its value only. */
function limitIn(wanted: LimitUnit, example: string) {
  return unit((text) => {
    const limit = parseLimit(text);
    return limit?.unit === wanted ? limit.value : undefined;
  }, `a limit such as '${example}'`);
}

/** An object that takes these keys and no others, and names the nearest right one. */
function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return `keys: ${Object.keys(shape).join(' ')}`;
      return issue.code === 'invalid_type' ? `expected an object, got ${show(issue.input)}` : undefined;
    },
  });
}

function hook(name: string) {
  return z.custom<(user: User) => Promise<unknown>>((value) => typeof value === 'function', {
    error: (issue) => `expected ${name} to be an async function of a user, got ${show(issue.input)}`,
  });
}

function oneOf<const Choices extends [string, ...string[]]>(...choices: Choices) {
  return z.enum(choices, { error: (issue) => `expected ${choices.join(' or ')}, got ${show(issue.input)}` });
}

const HEAD = {
  name: z.string({ error: (issue) => `expected a name, got ${show(issue.input)}` }).regex(/^[a-z0-9][a-z0-9-]*$/, {
    error: (issue) => `expected lower-case letters, digits and dashes, got ${show(issue.input)}`,
  }),
  question: z.string().optional(),
  target: z.union(
    [
      z.literal('reference'),
      z.literal('compose'),
      z.strictObject({
        url: z.url({
          protocol: /^https?$/,
          error: (issue) => `expected an address such as 'http://127.0.0.1:8080', got ${show(issue.input)}`,
        }),
        topology: z.string().optional(),
      }),
    ],
    {
      error: (issue) =>
        `expected 'reference', 'compose' or { url: 'http://...', topology?: 'file.json' }, got ${show(issue.input)}`,
    },
  ),
  load: z.unknown(),
  faults: z.unknown().optional(),
  slos: z.unknown().optional(),
  stopWhen: z.unknown().optional(),
  invariants: z
    .array(z.string(), { error: (issue) => `expected a list of names, got ${show(issue.input)}` })
    .default([]),
  warmUp: duration.prefault('5s'),
  recovery: duration.prefault('30s'),
  seed: z
    .int({ error: (issue) => `expected a whole number, got ${show(issue.input)}` })
    .nonnegative()
    .default(1),
  agents: z
    .int({ error: (issue) => `expected a whole number of agents, got ${show(issue.input)}` })
    .min(1)
    .max(64)
    .default(2),
  setup: hook('setup').optional(),
  teardown: hook('teardown').optional(),
  http: strict({
    driver: oneOf('wire', 'undici').optional(),
    connections: oneOf('shared', 'per-user').default('shared'),
    localAddresses: z
      .array(z.ipv4({ error: (issue) => `expected an address such as '127.0.0.2', got ${show(issue.input)}` }))
      .default([]),
    http2: z.boolean().default(false),
    proxy: z.url({ error: (issue) => `expected the address of a proxy, got ${show(issue.input)}` }).optional(),
    insecure: z.boolean().default(false),
  }).prefault({}),
  validity: strict({
    lateness: limitIn('ms', '< 50ms').prefault('< 50ms'),
    rateKept: limitIn('ratio', '> 99%').prefault('> 99%'),
    cpu: limitIn('ratio', '< 90%').prefault('< 90%'),
    loopLag: limitIn('ms', '< 100ms').prefault('< 100ms'),
    lostLoad: limitIn('ratio', '< 1%').prefault('< 1%'),
    scrapeGaps: limitIn('ratio', '< 5%').prefault('< 5%'),
  }).prefault({}),
};

export const headSchema = strict(HEAD);

const flowSchema = z
  .custom<Flow>((value) => typeof value === 'function', {
    error: (issue) => `expected an async function of a user, got ${show(issue.input)}`,
  })
  .superRefine((flow, context) => {
    for (const [index, choice] of choicesOf(flow).entries()) {
      const [weight, chosen] = Array.isArray(choice) ? choice : [];
      if (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight) && typeof chosen === 'function')
        continue;
      const message = `expected [weight, flow] with a weight of 0 or more, got ${show(choice)}`;
      context.addIssue({ code: 'custom', path: [index], message });
    }
    if (isWeighted(flow) && !choicesOf(flow).some((choice) => Array.isArray(choice) && choice[0] > 0))
      context.addIssue({ code: 'custom', message: 'expected at least one flow with a weight above 0' });
  });

function isWeighted(flow: Flow): flow is Flow & { choices: unknown[] } {
  return 'choices' in flow && Array.isArray(flow.choices);
}

function choicesOf(flow: Flow): unknown[] {
  return isWeighted(flow) ? flow.choices : [];
}

const stageSchema = strict({
  to: z
    .number({ error: (issue) => `expected a number, got ${show(issue.input)}` })
    .nonnegative()
    .optional(),
  per: duration.optional(),
  over: duration.optional(),
  hold: duration.optional(),
});

export const stagesSchema = z
  .array(stageSchema, { error: (issue) => `expected a list of stages, got ${show(issue.input)}` })
  .min(1, { error: 'expected at least one stage' });

const curveFileSchema = z.custom<{ csv: string }>(isCurveFile);

/** Stages, or the file that a curve comes from. */
export function isCurveFile(value: unknown): value is { csv: string } {
  return isRecord(value) && typeof value.csv === 'string';
}

const thinkSchema = readBy((given): ThinkTime | undefined => {
  const range = typeof given === 'string' ? parseDurationRange(given) : undefined;
  if (range) return range.toMs > 0 ? range : undefined;
  if (!isRecord(given) || typeof given.mean !== 'string' || Object.keys(given).length > 1) return undefined;
  const meanMs = parseDuration(given.mean);
  return meanMs ? { meanMs } : undefined;
}, "a time above nothing, such as '5s' or '5s..15s', or { mean: '10s' }");

export function usersSchema(stages: unknown) {
  return strict({
    model: z.literal('users'),
    stages: isCurveFile(stages) ? curveFileSchema : stagesSchema,
    flow: flowSchema,
    think: thinkSchema.optional(),
    every: duration.optional(),
    grace: duration.prefault('30s'),
  });
}

export function arrivalsSchema(stages: unknown) {
  return strict({
    model: z.literal('arrivals'),
    stages: isCurveFile(stages) ? curveFileSchema : stagesSchema,
    flow: flowSchema,
    process: oneOf('even', 'poisson').default('even'),
    maxInFlight: z.int().positive().default(10_000),
  });
}

const faultName = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, { error: 'expected lower-case letters, digits and dashes' });

const faultSpec = z.custom<{ kind: string; params: unknown }>(
  (value) => isRecord(value) && typeof value.kind === 'string',
  { error: (issue) => `expected a fault such as latency({...}), got ${show(issue.input)}` },
);

/** What any fault can be given, wherever it stands. */
const ofAnyFault = {
  name: faultName.optional(),
  fault: faultSpec,
  limit: z
    .int({ error: (issue) => `expected a number of targets, got ${show(issue.input)}` })
    .positive()
    .optional(),
  percent: z
    .number({ error: (issue) => `expected percent, above 0 up to 100, got ${show(issue.input)}` })
    .gt(0)
    .max(100)
    .optional(),
  never: z
    .array(z.string(), { error: (issue) => `expected a list of selectors, got ${show(issue.input)}` })
    .default([]),
};

export type FaultOfSchedule = Omit<
  z.output<typeof faultEntrySchema>,
  'at' | 'for' | 'after' | 'every' | 'jitter' | 'times'
>;

const positiveDuration = unit((text) => {
  const ms = parseDuration(text);
  return ms !== undefined && ms > 0 ? ms : undefined;
}, "a duration such as '90s' or '5m', above nothing");

const conditionSchema = z.lazy(() =>
  strict({
    promql: z.string().min(1),
    is: limitSchema,
    for: duration.prefault('0s'),
    within: duration.optional(),
  }),
);

export const faultEntrySchema = strict({
  at: duration.optional(),
  after: conditionSchema.optional(),
  every: positiveDuration.optional(),
  jitter: duration.optional(),
  times: z
    .int({ error: (issue) => `expected how often, got ${show(issue.input)}` })
    .positive()
    .max(1_000)
    .optional(),
  for: duration,
  ...ofAnyFault,
});

export type SpecOfFault = z.output<typeof faultEntrySchema>;

const faultList = <Item extends z.ZodType>(item: Item) =>
  z.array(item, { error: (issue) => `expected a list of { fault, for }, got ${show(issue.input)}` }).min(1);

export const sequenceSchema = strict({
  at: duration,
  gap: duration.prefault('0s'),
  faults: faultList(strict({ for: duration, ...ofAnyFault })),
});

export const parallelSchema = strict({
  at: duration,
  for: duration.optional(),
  faults: faultList(strict({ for: duration.optional(), ...ofAnyFault })),
});

export const nemesisSchema = strict({
  seed: z.int().nonnegative().optional(),
  from: duration.prefault('10s'),
  until: duration.optional(),
  every: positiveDuration,
  jitter: duration.prefault('0s'),
  atMost: z.int().positive().default(1),
  faults: faultList(
    strict({
      weight: z
        .number({ error: (issue) => `expected a weight above 0, got ${show(issue.input)}` })
        .positive()
        .default(1),
      for: positiveDuration,
      ...ofAnyFault,
    }),
  ),
});

const DURING = /^(steady|fault|recovery|whole|(fault|recovery):[a-z0-9-]+)$/;
const duringSchema = z.string().regex(DURING, {
  error: (issue) =>
    `expected steady, fault, recovery, whole, fault:<name> or recovery:<name>, got ${show(issue.input)}`,
});

export const MEASURES: Record<string, { measure: ClientMeasure; unit: LimitUnit; label: string; example: string }> = {
  p50: { measure: { kind: 'quantile', q: 0.5, label: 'p50' }, unit: 'ms', label: 'p50', example: '< 100ms' },
  p90: { measure: { kind: 'quantile', q: 0.9, label: 'p90' }, unit: 'ms', label: 'p90', example: '< 200ms' },
  p95: { measure: { kind: 'quantile', q: 0.95, label: 'p95' }, unit: 'ms', label: 'p95', example: '< 300ms' },
  p99: { measure: { kind: 'quantile', q: 0.99, label: 'p99' }, unit: 'ms', label: 'p99', example: '< 400ms' },
  p999: { measure: { kind: 'quantile', q: 0.999, label: 'p99.9' }, unit: 'ms', label: 'p99.9', example: '< 1s' },
  max: { measure: { kind: 'max' }, unit: 'ms', label: 'max', example: '< 2s' },
  errors: { measure: { kind: 'errors' }, unit: 'ratio', label: 'errors', example: '< 1%' },
  rate: { measure: { kind: 'rate' }, unit: 'per second', label: 'rate', example: '> 100/s' },
};

const limitSchema = unit(parseLimit, "a limit such as '< 400ms', '< 0.1%' or '> 100/s'");

export const clientSloSchema = strict({
  of: z.string().min(1),
  during: z.union([duringSchema, z.array(duringSchema).min(1)]).optional(),
  ...Object.fromEntries(Object.keys(MEASURES).map((key) => [key, limitSchema.optional()])),
});

export const promqlSloSchema = strict({
  promql: z.string().min(1),
  is: limitSchema,
  during: z.union([duringSchema, z.array(duringSchema).min(1)]).optional(),
  noData: z
    .enum(['inconclusive', 'pass', 'fail'], {
      error: (issue) => `expected inconclusive, pass or fail, got ${show(issue.input)}`,
    })
    .default('inconclusive'),
});

export const promqlStopSchema = strict({ promql: z.string().min(1), is: limitSchema, for: duration });

export const clientStopSchema = strict({
  of: z.string().min(1),
  for: duration,
  ...Object.fromEntries(Object.keys(MEASURES).map((key) => [key, limitSchema.optional()])),
});

/** What can be wrong with the harness itself, and the unit of its limit. */
export const HEALTH = {
  lateness: { unit: 'ms', example: '> 500ms', about: 'how late requests leave, p99' },
  loopLag: { unit: 'ms', example: '> 1s', about: 'event-loop delay of the slowest agent, p99' },
  cpu: { unit: 'ratio', example: '> 95%', about: 'CPU of the busiest agent, as a share of one core' },
  agentsLost: { unit: 'number', example: '> 0', about: 'agents that were lost' },
} as const satisfies Record<string, { unit: LimitUnit; example: string; about: string }>;

export const healthStopSchema = strict({
  harness: oneOf('lateness', 'loopLag', 'cpu', 'agentsLost'),
  is: limitSchema,
  for: duration,
});
