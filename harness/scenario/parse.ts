import type { Problem } from '../errors.ts';
import type { ParseContext } from './context.ts';
import { takeFeedProblems } from './feed.ts';
import { deepFreeze, type Plan } from './plan.ts';
import { readFaults } from './read-faults.ts';
import { readHttp } from './read-http.ts';
import { readLoads } from './read-loads.ts';
import { readSlos } from './read-objectives.ts';
import { readStopRules } from './read-stop-rules.ts';
import { isRecord, nearest, Reader, relativeSite, show } from './reader.ts';
import { AT, type Flow, type Scenario } from './scenario.ts';
import { headSchema } from './schemas.ts';
import { withPaperHarness } from './with-harness.ts';

export type Parsed = { ok: true; plan: Plan; flows: Map<string, Flow> } | { ok: false; problems: Problem[] };

/** Turns what a scenario file exports into a frozen plan, or says everything that is wrong with it. */
export function parseScenario(exported: unknown, context: ParseContext): Parsed {
  if (!isScenario(exported)) {
    const message = `expected the default export to be scenario({...}), got ${show(exported)}`;
    return { ok: false, problems: [{ path: 'export default', message }] };
  }
  const { definition } = exported;
  const reader = new Reader(definition, exported[AT]);
  const head = reader.read([], headSchema);
  const raw = (typeof definition === 'object' && definition !== null ? definition : {}) as unknown as Record<
    string,
    unknown
  >;

  const flows = new Map<string, Flow>();
  const loads = readLoads(raw.load, reader, flows);
  const durationMs = Math.max(0, ...loads.map((load) => load.curve.at(-1)?.tMs ?? 0));
  const seed = context.seed ?? head?.seed ?? 1;
  const agents = context.agents ?? head?.agents ?? 0;
  const topology = context.topology && withPaperHarness(context.topology, agents);
  const faults = readFaults(raw.faults, reader, { ...context, topology }, { seed, durationMs });
  const objectives = readSlos(raw.slos, reader, context, faults);
  const stopWhen = readStopRules(raw.stopWhen, reader, context);
  for (const [index, name] of (Array.isArray(raw.invariants) ? raw.invariants : []).entries()) {
    if (typeof name === 'string' && !context.invariants.includes(name)) {
      reader.problem(['invariants', index], `no such invariant '${name}'. ${nearest(name, context.invariants)}`);
    }
  }
  const http = head && readHttp(head, loads, reader, context);
  for (const { at, ...problem } of takeFeedProblems())
    reader.problems.push({ ...problem, ...(at === undefined ? {} : { at: relativeSite(at) }) });
  if (reader.problems.length > 0 || head === undefined || http === undefined)
    return { ok: false, problems: reader.problems };

  const plan: Plan = {
    version: 1,
    name: head.name,
    ...(head.question === undefined ? {} : { question: head.question }),
    file: context.file,
    target: typeof head.target === 'string' ? { kind: head.target } : ownTarget(head.target),
    seed,
    nonce: context.nonce,
    agents: context.agents ?? head.agents,
    durationMs,
    warmUpMs: head.warmUp,
    recoveryMs: head.recovery,
    loads,
    http,
    faults,
    objectives,
    invariants: head.invariants,
    stopWhen,
    validity: {
      latenessP99Ms: head.validity.lateness,
      rateKept: head.validity.rateKept,
      cpu: head.validity.cpu,
      loopLagP99Ms: head.validity.loopLag,
      lostLoad: head.validity.lostLoad,
      scrapeGaps: head.validity.scrapeGaps,
    },
  };
  return { ok: true, plan: deepFreeze(plan), flows };
}

function ownTarget(target: { url: string; topology?: string | undefined }): Plan['target'] {
  return { kind: 'own', url: target.url, ...(target.topology === undefined ? {} : { topology: target.topology }) };
}

function isScenario(value: unknown): value is Scenario {
  return isRecord(value) && value.stampede === 'scenario' && 'definition' in value;
}
