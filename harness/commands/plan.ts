import { freemem } from 'node:os';
import { readCalibration } from '../calibrate/calibration.ts';
import { capacityFor, describeCapacity } from '../calibrate/capacity.ts';
import { activeUsers, valueAt } from '../load/schedule.ts';
import { calibrationFile } from '../places.ts';
import { type PrepareOptions, prepare } from '../prepare.ts';
import { type FaultPlan, type LoadPlan, type Plan, peakUsers } from '../scenario/plan.ts';
import { formatDuration } from '../units.ts';
import type { CommandResult } from './command.ts';

/** `stampede plan`: everything a run would do, without doing any of it. */
export async function planCommand(file: string, options: PrepareOptions): Promise<CommandResult> {
  // Each run draws its own: a plan that is only looked at has none, and is the same at every call.
  const plan = await prepare(file, { ...options, nonce: PLANNED });
  const calibration = readCalibration(calibrationFile);
  const capacity = calibration && capacityFor(plan, calibration, freemem() / 2 ** 30);
  const room =
    calibration && capacity
      ? describeCapacity(capacity, calibration)
      : ['stampede calibrate would tell whether this machine can carry it'];
  return { exitCode: 0, text: render(plan, room), json: { ...withoutNonce(plan), ...(capacity ? { capacity } : {}) } };
}

const PLANNED = 'planned';

function withoutNonce({ nonce: _, ...plan }: Plan): Omit<Plan, 'nonce'> {
  return plan;
}

/** `room` says whether this machine has what the plan needs. */
function render(plan: Plan, room: readonly string[]): string {
  const lines = [
    plan.question === undefined ? plan.name : `${plan.name} · ${plan.question}`,
    `${formatDuration(plan.durationMs)} of load · ${plan.agents} agents · seed ${plan.seed} · target ${plan.target.kind === 'own' ? plan.target.url : plan.target.kind}`,
    '',
    'LOAD',
    ...plan.loads.flatMap((load) => renderLoad(load, plan)),
  ];
  if (plan.faults.length > 0) {
    lines.push('', 'FAULTS', lane(plan));
    for (const fault of plan.faults) {
      lines.push(`  ${fault.name}  ${fault.targets.join(', ')}  ${fault.settings}  ${when(fault)}`);
    }
  }
  if (plan.objectives.length > 0) {
    lines.push('', 'PROMISES');
    for (const objective of plan.objectives) {
      const of = objective.source === 'client' ? objective.of : objective.expression;
      lines.push(`  ${objective.name}: ${objective.limit}`, `    of ${of}`, `    in ${objective.during.join(', ')}`);
    }
  }
  if (plan.invariants.length > 0) lines.push('', 'INVARIANTS', ...plan.invariants.map((name) => `  ${name}`));
  for (const stop of plan.stopWhen)
    lines.push('', 'STOPS WHEN', `  ${stop.what} ${stop.limit} for ${formatDuration(stop.forMs)}`);
  const usersEach = Math.ceil(peakUsers(plan) / plan.agents);
  lines.push(
    '',
    'NEEDS',
    `  ${plan.agents} agent processes${usersEach > 0 ? `, up to ${count(usersEach)} users each` : ''}; ports on 127.0.0.1 only`,
    ...room.map((line) => `  ${line}`),
  );
  return `${lines.join('\n')}\n`;
}

function when({ atMs, forMs, after }: FaultPlan): string {
  const long = `for ${formatDuration(forMs)}`;
  if (after === undefined) return `from ${formatDuration(atMs)} ${long}`;
  const held = after.forMs > 0 ? ` has held for ${formatDuration(after.forMs)}` : '';
  return `once ${after.expression} ${after.limit}${held}, from ${formatDuration(atMs)} on, ${long}`;
}

const WIDTH = 60;
const BARS = '▁▂▃▄▅▆▇█';

function renderLoad(load: LoadPlan, plan: Plan): string[] {
  const peak = Math.max(...load.curve.map((point) => point.value));
  const at = (column: number) => (plan.durationMs * (column + 0.5)) / WIDTH;
  const values = Array.from({ length: WIDTH }, (_, column) =>
    load.model === 'users' ? activeUsers(load.curve, at(column)) : valueAt(load.curve, at(column)),
  );
  const bars = values
    .map((value) => (value <= 0 ? ' ' : BARS[Math.min(7, Math.floor((value / peak) * 7.999))]))
    .join('');
  const unit =
    load.model === 'users'
      ? `up to ${count(peak)} users (closed model)`
      : `up to ${count(peak)} iterations/s (open model), at most ${count(load.maxInFlight)} under way`;
  const points = load.curve.map((point) => `${formatDuration(point.tMs)} ${count(point.value)}`).join(' → ');
  const rhythm = load.model === 'users' ? rhythmOf(load) : undefined;
  return [
    `  ${load.name}  ${unit}`,
    `    ${bars}`,
    `    ${points}`,
    ...(rhythm === undefined ? [] : [`    ${rhythm}`]),
  ];
}

function rhythmOf({ everyMs, think }: LoadPlan & { model: 'users' }): string | undefined {
  if (everyMs !== undefined) return `an iteration every ${formatDuration(everyMs)}`;
  if (think === undefined) return undefined;
  if ('meanMs' in think)
    return `think before each iteration, exponentially, ${formatDuration(think.meanMs)} on average`;
  return `think before each iteration, ${formatDuration(think.fromMs)} to ${formatDuration(think.toMs)}`;
}

/** The faults under the load curve, on the same scale. */
function lane(plan: Plan): string {
  const cells = Array.from({ length: WIDTH }, (_, column) => {
    const tMs = (plan.durationMs * (column + 0.5)) / WIDTH;
    return plan.faults.some((fault) => tMs >= fault.atMs && tMs < fault.atMs + fault.forMs) ? '▒' : '·';
  });
  return `    ${cells.join('')}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
