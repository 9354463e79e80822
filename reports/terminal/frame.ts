import { events, generator, groups, hint, traffic, unfitLine } from './live-lines.ts';
import type { LiveState } from './live-state.ts';
import { promises } from './promise-table.ts';
import { requests } from './request-table.ts';
import { curve, header, lanes, progress } from './timeline.ts';
import { type FrameSize, type View, viewOf } from './view.ts';

export type { FrameSize } from './view.ts';

/** The smallest terminal a frame is drawn in. */
export const SMALLEST = { columns: 60, rows: 12 };

/**
 * The live view as lines: none wider than `columns`, fewer than `rows`. Pure and cheap; whoever calls it does the
 * input and output. Where there is little room things leave in a fixed order, but never the name of the run, the
 * fault, PROMISES and GENERATOR. No number is ever cut.
 */
export function frame(state: LiveState, size: FrameSize): string[] {
  const view = viewOf(state, size);
  const room = share(view, size.rows - 1);
  const blank = room.blanks ? [''] : [];
  const blocks = [
    [
      header(view),
      ...unfitLine(view),
      progress(view),
      ...(room.curve ? [curve(view)] : []),
      ...lanes(view, room.lanes),
    ],
    room.traffic ? [groups(view), traffic(view)] : [],
    requests(view, room.requests),
    promises(view, room.promises),
    state.generator.unfit === null ? [generator(view)] : [],
    [...events(view, room.events), ...(room.hint ? [hint(view)] : [])],
  ].filter((lines) => lines.length > 0);
  return blocks.flatMap((lines, index) => (index === 0 ? lines : [...blank, ...lines]));
}

/** How many lines each part gets. */
interface Room {
  blanks: boolean;
  curve: boolean;
  lanes: number;
  traffic: boolean;
  requests: number;
  promises: number;
  events: number;
  hint: boolean;
}

/** Starts from all there is and takes away in a fixed order until it fits. */
function share({ state, wide }: View, rows: number): Room {
  const room: Room = {
    blanks: true,
    curve: state.plannedLoad.length > 1,
    lanes: Math.min(wide ? 3 : 1, state.faults.length),
    traffic: true,
    requests: Math.min(12, state.requests.length),
    promises: state.promises.length,
    events: Math.min(8, state.events.length),
    hint: true,
  };
  const fits = (): boolean => height(state, room) <= rows;
  const shrink = (key: 'requests' | 'events' | 'promises' | 'lanes', to: number): void => {
    while (!fits() && room[key] > to) room[key] -= 1;
  };
  shrink('requests', 5);
  shrink('events', 2);
  shrink('lanes', 1);
  if (!fits()) room.blanks = false;
  shrink('events', 0);
  if (!fits()) room.curve = false;
  shrink('requests', 1);
  if (!fits()) room.hint = false;
  shrink('requests', 0);
  if (!fits()) room.traffic = false;
  shrink('lanes', 0);
  shrink('promises', 1);
  return room;
}

function height(state: LiveState, room: Room): number {
  const head = 3 + (room.curve ? 1 : 0) + room.lanes;
  const blocks = [
    head,
    room.traffic ? 2 : 0,
    tableHeight(room.requests, state.requests.length),
    tableHeight(room.promises, state.promises.length),
    room.events + (room.hint ? 1 : 0),
  ];
  const between = room.blanks ? blocks.filter((lines) => lines > 0).length : 0;
  return blocks.reduce((sum, lines) => sum + lines, 0) + between;
}

function tableHeight(shown: number, all: number): number {
  return shown === 0 ? 0 : 1 + shown + (shown < all ? 1 : 0);
}
