import { Random } from '../load/random.ts';
import type { ParseContext } from './context.ts';
import { limitText } from './limit-text.ts';
import type { ConditionPlan } from './plan.ts';
import type { Reader } from './reader.ts';
import { isRecord } from './reader.ts';
import {
  type FaultOfSchedule,
  faultEntrySchema,
  nemesisSchema,
  parallelSchema,
  type SpecOfFault,
  sequenceSchema,
} from './schemas.ts';

/** One time that a fault is to happen, before its target is looked up. */
export interface Occurrence extends FaultOfSchedule {
  /** Where in the scenario it comes from. */
  path: (string | number)[];
  atMs: number;
  forMs: number;
  after?: ConditionPlan;
  /** Of several for the same place in time: draws whose turn it is when those of before are still on. */
  drawnFrom?: { set: string; atMost: number };
}

interface Times {
  seed: number;
  durationMs: number;
}

/**
 * Reads the faults of a scenario, schedules included, into single occurrences in the order of their times. Everything random
 * is drawn here, from the seed: what is left to the run are conditions.
 */
export function readOccurrences(raw: unknown, reader: Reader, context: ParseContext, times: Times): Occurrence[] {
  const found: Occurrence[] = [];
  for (const [index, value] of reader.list('faults', raw).entries()) {
    const path = ['faults', index];
    const schedule = isRecord(value) && 'schedule' in value ? value.schedule : undefined;
    const params = isRecord(value) && 'params' in value ? value.params : undefined;
    switch (schedule) {
      case 'sequence':
        found.push(...inSequence(params, reader, [...path, 'params']));
        break;
      case 'parallel':
        found.push(...inParallel(params, reader, [...path, 'params']));
        break;
      case 'nemesis':
        found.push(...byNemesis(params, reader, [...path, 'params'], times));
        break;
      default:
        found.push(...ofEntry(value, reader, context, path, times));
    }
  }
  return found.sort((a, b) => a.atMs - b.atMs);
}

function ofEntry(
  value: unknown,
  reader: Reader,
  context: ParseContext,
  path: (string | number)[],
  { seed, durationMs }: Times,
): Occurrence[] {
  const entry = reader.read(path, faultEntrySchema, value);
  if (!entry) return [];
  const { at, for: forMs, after, every, jitter, times, ...rest } = entry;
  if (at === undefined && after === undefined) {
    reader.problem([...path, 'at'], "expected when: at: '30s', or after: { promql, is }");
    return [];
  }
  const first = at ?? 0;
  if (every === undefined) {
    for (const [key, given] of Object.entries({ jitter, times })) {
      if (given !== undefined) reader.problem([...path, key], 'says something only together with every');
    }
    const condition = after && readCondition(after, reader, context, [...path, 'after'], durationMs - first - forMs);
    return [{ ...rest, path, atMs: first, forMs, ...(condition === undefined ? {} : { after: condition }) }];
  }
  if (after !== undefined) reader.problem([...path, 'every'], 'cannot be combined with after');
  if (every <= forMs) {
    reader.problem([...path, 'every'], 'is no longer than the fault itself lasts: it would never be over');
    return [];
  }
  const random = new Random(seed, `times of ${path.join('.')}`, 0);
  const occurrences: Occurrence[] = [];
  for (let turn = 0; turn < (times ?? MOST_TURNS); turn++) {
    const atMs = first + turn * every + (jitter ?? 0) * random.number();
    if (times === undefined && atMs + forMs > durationMs) break;
    occurrences.push({ ...rest, path, atMs: Math.round(atMs), forMs });
  }
  return occurrences;
}

function readCondition(
  { promql, is, for: forMs, within }: NonNullable<SpecOfFault['after']>,
  reader: Reader,
  context: ParseContext,
  path: (string | number)[],
  leftMs: number,
): ConditionPlan {
  const checked = context.checkPromql(promql);
  if (!checked.ok) reader.problem([...path, 'promql'], checked.problem);
  return {
    expression: promql,
    op: is.op,
    limitValue: is.value,
    limit: limitText(is),
    forMs,
    withinMs: within ?? Math.max(0, leftMs),
  };
}

/** One after the other. */
function inSequence(params: unknown, reader: Reader, path: (string | number)[]): Occurrence[] {
  const given = reader.read(path, sequenceSchema, params);
  let atMs = given?.at ?? 0;
  return (given?.faults ?? []).map(({ for: forMs, ...rest }, index) => {
    const occurrence = { ...rest, path: [...path, 'faults', index], atMs, forMs };
    atMs += forMs + (given?.gap ?? 0);
    return occurrence;
  });
}

/** All at once, and each for its own time unless the group has one. */
function inParallel(params: unknown, reader: Reader, path: (string | number)[]): Occurrence[] {
  const given = reader.read(path, parallelSchema, params);
  return (given?.faults ?? []).flatMap(({ for: own, ...rest }, index) => {
    const forMs = own ?? given?.for;
    if (forMs !== undefined) return [{ ...rest, path: [...path, 'faults', index], atMs: given?.at ?? 0, forMs }];
    reader.problem([...path, 'faults', index, 'for'], "expected a duration such as '30s', here or for the whole group");
    return [];
  });
}

/** Draws a fault by weight at each turn. The same seed draws the same faults for the same times. */
function byNemesis(
  params: unknown,
  reader: Reader,
  path: (string | number)[],
  { seed, durationMs }: Times,
): Occurrence[] {
  const given = reader.read(path, nemesisSchema, params);
  if (!given) return [];
  const { from, until = durationMs, every, jitter, atMost, faults } = given;
  const random = new Random(given.seed ?? seed, 'nemesis', 0);
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  const drawn: Occurrence[] = [];
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    // Drawn whether they are used or not, so that a change of one thing does not change all that follows.
    const late = random.number() * jitter;
    let left = random.number() * total;
    const atMs = Math.round(from + turn * every + late);
    if (atMs >= until) break;
    const index = faults.findIndex(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    const fault = faults[index];
    if (fault === undefined || atMs + fault.for > until) continue;
    const { for: forMs, weight: _, ...rest } = fault;
    const set = path.join('.');
    drawn.push({ ...rest, path: [...path, 'faults', index], atMs, forMs, drawnFrom: { set, atMost } });
  }
  return drawn;
}

const MOST_TURNS = 10_000;
