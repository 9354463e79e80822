import type { Outcome } from '../../harness/verdict/verdict.ts';
import { measured, percent } from '../format.ts';
import { limitText } from '../sentences.ts';
import { indented, moreLine } from './indented.ts';
import type { LivePromise } from './live-state.ts';
import type { Meaning } from './paint.ts';
import type { Cell, Column } from './table.ts';
import type { View } from './view.ts';

/** What was promised and how it stands, which is not the verdict; nothing is believed of an unfit generator. */
export function promises(view: View, most: number): string[] {
  const { state, chars } = view;
  if (state.promises.length === 0 || most === 0) return [];
  const windows = windowsSeen(state.promises);
  const columns: Column[] = [
    { head: 'PROMISES, so far', align: 'left', cutTo: 20 },
    { head: 'limit', align: 'left', gap: 3 },
    ...windows.map(
      (window, index): Column => ({
        head: chars.text(window),
        align: 'right',
        ...(index === windows.length - 1 ? {} : { drop: window === 'steady' ? 2 : 100 - index }),
      }),
    ),
    { head: 'budget left', align: 'right', drop: 1000 },
  ];
  const known = state.generator.unfit === null;
  const worst = most < state.promises.length ? state.promises.toSorted(worstFirst).slice(0, most) : state.promises;
  const rows = worst.map((promise): Cell[] => [
    promiseName(view, promise, known ? promise.outcome : 'inconclusive'),
    { text: chars.text(limitText(promise)), meaning: 'plain' },
    ...windows.map((window) => promiseCell(view, promise, window, known)),
    { text: chars.text(percent(promise.budgetLeft)), meaning: 'plain' },
  ]);
  return [...indented(view, columns, rows), ...moreLine(view, state.promises.length - worst.length)];
}

/** `whole` is of no use before the end. In the order in which they began. */
function windowsSeen(all: LivePromise[]): string[] {
  return [...new Set(all.flatMap((promise) => promise.cells.map((cell) => cell.window)))].filter(
    (name) => name !== 'whole',
  );
}

function worstFirst(a: LivePromise, b: LivePromise): number {
  return attention(b.outcome) - attention(a.outcome);
}

function attention(outcome: Outcome | null): number {
  switch (outcome) {
    case 'failed':
      return 3;
    case 'inconclusive':
      return 2;
    case null:
      return 1;
    case 'passed':
      return 0;
    default:
      return outcome satisfies never;
  }
}

function promiseName(view: View, promise: LivePromise, outcome: Outcome | null): Cell {
  const { sign, none } = view.chars;
  const shown = (outcome === null ? none : sign[outcome]).padEnd(sign.failed.length);
  return { text: `${shown} ${view.chars.text(promise.name)}`, meaning: meaningOf(outcome) };
}

function promiseCell(view: View, promise: LivePromise, window: string, known: boolean): Cell {
  const { chars } = view;
  const cell = promise.cells.find((one) => one.window === window);
  if (cell === undefined) return { text: chars.none, meaning: 'plain' };
  const outcome = known ? cell.outcome : 'inconclusive';
  const value = cell.value === null ? 'no data' : measured(cell.value, promise.unit, promise.limitValue);
  if (outcome === null || outcome === 'passed') return { text: chars.text(value), meaning: 'plain' };
  return { text: `${chars.text(value)} ${chars.sign[outcome]}`, meaning: outcome };
}

function meaningOf(outcome: Outcome | null): Meaning {
  return outcome === null || outcome === 'passed' ? 'plain' : outcome;
}
