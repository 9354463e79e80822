import { randomUUID } from 'node:crypto';
import { EMBEDDED, type PartChoice } from '../target-app/parts/choice.ts';
import { EXIT, messageOf, StampedeError } from './errors.ts';
import { machineLimits } from './machine.ts';
import { checkExpression } from './monitor/promql/check.ts';
import { invariants } from './oracles/invariants.ts';
import { targetDirectory } from './places.ts';
import { blastCapOf } from './project-config.ts';
import type { ParseContext } from './scenario/context.ts';
import { importScenario } from './scenario/load-file.ts';
import { parseScenario } from './scenario/parse.ts';
import type { Plan } from './scenario/plan.ts';
import type { Scenario } from './scenario/scenario.ts';
import { plannedStack } from './targets/compose.ts';
import { paperReference, runningTarget } from './targets/reference.ts';
import { readTopology } from './targets/target.ts';

export interface PrepareOptions {
  seed?: number;
  agents?: number;
  /** Of an earlier run, whose ids shall come again. */
  nonce?: string;
  /** Of the reference target, which is not up yet: names of links depend on them. */
  parts?: PartChoice;
  /** Instead of the scenario's own. */
  target?: 'reference' | 'compose';
}

/**
 * Loads and checks a scenario and makes its plan. Nothing is started. Throws a StampedeError (exit code 2) that lists
 * every problem there is.
 */
export async function prepare(file: string, options: PrepareOptions): Promise<Plan> {
  const exported = await importScenario(file);
  const parsed = parseScenario(exported, {
    file,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.agents === undefined ? {} : { agents: options.agents }),
    nonce: options.nonce ?? randomUUID(),
    topology: topologyFor(exported, options),
    cap: blastCapOf(process.cwd()),
    limits: machineLimits(),
    invariants: Object.keys(invariants),
    checkPromql,
  });
  if (parsed.ok) {
    const { target } = options;
    return target === undefined ? parsed.plan : Object.freeze({ ...parsed.plan, target: { kind: target } });
  }
  const { problems } = parsed;
  throw new StampedeError(
    'scenario/problems',
    `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}; nothing was started.`,
    {
      exitCode: EXIT.usage,
      problems,
      hint: 'stampede plan SCENARIO checks without running',
    },
  );
}

/** A scenario that is wrong elsewhere must not hide what is wrong with its faults. */
function topologyFor(exported: unknown, { target: instead, parts }: PrepareOptions) {
  const target = instead ?? (exported as Partial<Scenario> | undefined)?.definition?.target;
  if (typeof target === 'object') {
    return target.topology === undefined ? undefined : { ...readTopology(target.topology), entry: target.url };
  }
  if (target === 'compose') return plannedStack(process.cwd());
  return paperReference(parts ?? runningTarget(targetDirectory)?.parts ?? EMBEDDED);
}

function checkPromql(expression: string): ReturnType<ParseContext['checkPromql']> {
  try {
    const { rangeMs, shortestRangeMs } = checkExpression(expression);
    return { ok: true, rangeMs, ...(shortestRangeMs === undefined ? {} : { shortestRangeMs }) };
  } catch (error) {
    return { ok: false, problem: messageOf(error) };
  }
}
