import { latency, percent, rate } from '../format.ts';
import type { Charset } from './charset.ts';
import { indented, moreLine } from './indented.ts';
import type { LiveRequest } from './live-state.ts';
import type { Cell, Column } from './table.ts';
import { step, type View } from './view.ts';

/** The ones with an objective first, then by how near their p99 came to its limit, then by p99. */
export function requests(view: View, most: number): string[] {
  if (most === 0) return [];
  const { state, chars } = view;
  const columns: Column[] = [
    { head: 'LAST 10 s', align: 'left', cutTo: 12 },
    { head: 'rate', align: 'right' },
    { head: 'p50', align: 'right', drop: 2 },
    { head: 'p90', align: 'right', drop: 5 },
    { head: 'p99', align: 'right' },
    { head: 'p99.9', align: 'right', drop: 3 },
    { head: 'errors', align: 'right', drop: 1 },
    { head: 'p99, last minute', align: 'left', drop: 4, gap: 3 },
    { head: 'SO FAR p99', align: 'right', drop: 7, gap: 4 },
    { head: 'errors', align: 'right', drop: 6 },
  ];
  const worst = state.requests.toSorted(byAttention).slice(0, most);
  const rows = worst.map((request): Cell[] => {
    const over = request.limitMs !== null && request.last.p99Ms !== null && request.last.p99Ms >= request.limitMs;
    const cells = [
      request.name,
      rate(request.last.perSec),
      latency(request.last.p50Ms),
      latency(request.last.p90Ms),
      latency(request.last.p99Ms),
      latency(request.last.p999Ms),
      percent(request.last.errorRatio),
      '',
      latency(request.soFar.p99Ms),
      percent(request.soFar.errorRatio),
    ].map((text): Cell => ({ text: chars.text(text), meaning: 'plain' }));
    cells[4] = { text: chars.text(latency(request.last.p99Ms)), meaning: over ? 'failed' : 'plain' };
    cells[7] = { text: sparkline(chars, request.p99MinuteMs), meaning: 'plain' };
    return cells;
  });
  return [...indented(view, columns, rows), ...moreLine(view, state.requests.length - worst.length)];
}

function byAttention(a: LiveRequest, b: LiveRequest): number {
  if (a.hasObjective !== b.hasObjective) return a.hasObjective ? -1 : 1;
  return nearness(b) - nearness(a) || (b.last.p99Ms ?? 0) - (a.last.p99Ms ?? 0);
}

function nearness({ last, limitMs }: LiveRequest): number {
  return last.p99Ms === null || limitMs === null || limitMs === 0 ? 0 : last.p99Ms / limitMs;
}

const SPARK_COLUMNS = 16;

/** From the row's lowest value to its highest, or to three times the lowest: so noise stays flat and a change stands out. */
function sparkline(chars: Charset, values: (number | null)[]): string {
  const shown = values.slice(-SPARK_COLUMNS);
  const known = shown.filter((value) => value !== null);
  const least = Math.min(...known);
  const span = Math.max(...known, 3 * least) - least;
  return shown.map((value) => (value === null ? ' ' : step(chars, span === 0 ? 0 : (value - least) / span))).join('');
}
