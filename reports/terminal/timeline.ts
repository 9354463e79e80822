import stringWidth from 'string-width';
import { cutEnd, cutMiddle } from '../cut.ts';
import { clockSeconds, countdown } from '../format.ts';
import type { LiveFault, LiveState } from './live-state.ts';
import type { Meaning } from './paint.ts';
import { MARGIN, step, type View } from './view.ts';

/** The name of the run, its question where there is room, and at the right what happens now. */
export function header(view: View): string {
  const { state, chars, columns } = view;
  const right = now(view, columns - MARGIN.length - NAME_AT_LEAST - 3);
  const room = columns - MARGIN.length - stringWidth(right.text) - 3;
  const name = cutMiddle(chars.text(state.scenario), room, chars.ellipsis);
  const left = room - stringWidth(name) - 3;
  const asked = view.wide && state.question !== null && left >= 20;
  const question = asked ? `   ${cutEnd(chars.text(state.question ?? ''), left, chars.ellipsis)}` : '';
  const blanks = ' '.repeat(Math.max(1, columns - MARGIN.length - stringWidth(name + question + right.text)));
  return `${MARGIN}${view.paint(name, 'title')}${question}${blanks}${view.paint(right.text, right.meaning)}`.trimEnd();
}

/** Columns of the scenario's name that the fault beside it leaves alone. */
const NAME_AT_LEAST = 8;

/** What happens now, in at most `width` columns: the fault that acts, else the phase. */
function now(view: View, width: number): { text: string; meaning: Meaning } {
  const { state, chars } = view;
  const acting = state.faults.filter((fault) => isActing(fault));
  const [first] = acting;
  if (first === undefined) return { text: PHASES[state.phase], meaning: 'quiet' };
  const heals =
    first.toMs === null || first.toMs <= state.tMs ? '' : ` ${chars.dot} heals in ${countdown(first.toMs - state.tMs)}`;
  const more = acting.length > 1 ? ` ${chars.dot} +${acting.length - 1} more` : '';
  const tails = [
    ` ${chars.dot} ${first.state}${heals}${more}`,
    ` ${chars.dot} ${first.state}${heals}`,
    ` ${chars.dot} ${first.state}`,
  ];
  const room = (tail: string): number => width - 'FAULT '.length - stringWidth(tail);
  const tail = tails.find((one) => room(one) >= NAME_AT_LEAST) ?? ` ${chars.dot} ${first.state}`;
  return {
    text: `FAULT ${cutMiddle(chars.text(first.name), Math.min(20, room(tail)), chars.ellipsis)}${tail}`,
    meaning: 'fault',
  };
}

const PHASES: Record<LiveState['phase'], string> = {
  starting: 'starting the target',
  load: 'under load, no fault',
  draining: 'draining',
  healing: 'healing',
  judging: 'judging',
};

function isActing({ state }: LiveFault): boolean {
  switch (state) {
    case 'planned':
    case 'undone':
    case 'undo proven':
      return false;
    case 'requested':
    case 'applied':
    case 'proven':
    case 'no effect':
    case 'undo requested':
      return true;
    default:
      return state satisfies never;
  }
}

/** The plan's time: where we are in it. No bar without a known end. */
export function progress(view: View): string {
  const { state, chars } = view;
  if (state.loadFromMs === null) return `${MARGIN}${clockSeconds(state.tMs)}`;
  if (state.totalMs === null) return `${MARGIN}${clockSeconds(state.tMs)}   no planned end`;
  const share = doneShare(state);
  const label = `${MARGIN}${clockSeconds(state.tMs)} / ${clockSeconds(state.loadFromMs + state.totalMs)}`.padEnd(
    TIMELINE_AT,
  );
  const width = view.columns - Math.max(TIMELINE_AT, label.length + 1) - PERCENT_COLUMNS;
  const full = Math.floor(share * width);
  const bar = chars.bar.full.repeat(full) + chars.bar.empty.repeat(width - full);
  return `${label.padEnd(Math.max(TIMELINE_AT, label.trimEnd().length + 2))}${bar}  ${Math.floor(share * 100)} %`;
}

/** The plan's time that has passed, 0..1. */
function doneShare({ tMs, loadFromMs, totalMs }: LiveState): number {
  if (loadFromMs === null || totalMs === null || totalMs <= 0) return 0;
  return Math.min(1, Math.max(0, (tMs - loadFromMs) / totalMs));
}

/** Where the bar, the load curve and the lanes begin. */
const TIMELINE_AT = 16;
const PERCENT_COLUMNS = 8;

function timelineWidth(view: View): number {
  return view.columns - TIMELINE_AT - PERCENT_COLUMNS;
}

/** The planned load up to now, then where we are; all of it while there is no load yet. */
export function curve(view: View): string {
  const { state, chars } = view;
  const width = timelineWidth(view);
  const most = Math.max(...state.plannedLoad.map((point) => point.value), 0);
  const span = state.totalMs ?? state.plannedLoad.at(-1)?.tMs ?? 0;
  const here = state.loadFromMs === null ? width : Math.min(width - 1, Math.floor(doneShare(state) * width));
  let text = '';
  for (let column = 0; column < here; column++) {
    text += step(chars, plannedAt(state, ((column + 0.5) / width) * span) / Math.max(most, 1));
  }
  return `${`${MARGIN}load`.padEnd(TIMELINE_AT)}${text}${state.loadFromMs === null ? '' : chars.lane.now}`;
}

/** Between two points of the plan the load goes in a straight line. */
function plannedAt({ plannedLoad }: LiveState, tMs: number): number {
  const next = plannedLoad.findIndex((point) => point.tMs >= tMs);
  const after = plannedLoad[next];
  const before = plannedLoad[next - 1];
  if (after === undefined) return plannedLoad.at(-1)?.value ?? 0;
  if (before === undefined || after.tMs === before.tMs) return after.value;
  return before.value + ((after.value - before.value) * (tMs - before.tMs)) / (after.tMs - before.tMs);
}

/** A lane for each fault when there is room, else one lane for all of them. */
export function lanes(view: View, most: number): string[] {
  const { faults } = view.state;
  if (most === 0 || faults.length === 0) return [];
  const groups = faults.length <= most ? faults.map((fault) => [fault]) : [faults];
  return groups.map((group, index) => {
    const label = index === 0 ? `${MARGIN}faults` : '';
    return `${label.padEnd(TIMELINE_AT)}${lane(view, group)}`.trimEnd();
  });
}

function lane(view: View, faults: LiveFault[]): string {
  const { state, chars } = view;
  const width = timelineWidth(view);
  const cells: string[] = new Array(width).fill(' ');
  const from = state.loadFromMs ?? 0;
  const span = state.totalMs ?? Math.max(state.tMs - from, 1);
  const column = (tMs: number): number => Math.floor(((tMs - from) / span) * width);
  for (const fault of faults) {
    const first = Math.max(0, column(fault.fromMs));
    const last = Math.min(width - 1, fault.toMs === null ? width - 1 : column(fault.toMs));
    const body = fault.state === 'planned' ? chars.lane.planned : chars.lane.body;
    for (let at = first; at <= last; at++)
      cells[at] = at === first ? chars.lane.from : at === last ? chars.lane.to : body;
  }
  const here = Math.min(width - 1, column(state.tMs));
  if (state.loadFromMs !== null && here >= 0) cells[here] = chars.lane.now;
  const drawn = cells.join('').trimEnd();
  const [only] = faults;
  if (only === undefined || faults.length > 1) return view.paint(drawn, 'fault');
  const name = `  ${chars.text(only.name)}  ${chars.text(only.target)}`;
  const end = TIMELINE_AT + stringWidth(drawn);
  const label = end + stringWidth(name) <= view.columns ? name : '';
  return view.paint(drawn, isActing(only) ? 'fault' : 'plain') + label;
}
