import { clockSeconds, exact } from '../format.ts';
import type { Chart, ReportModel } from '../model.ts';
import { injectedMs } from '../sentences.ts';
import { Markup, markup } from './markup.ts';

/**
 * The run in one picture: load, a lane for each fault, and the latency of the promises against their limits. Inline SVG
 * with presentation attributes only, so that it shows where scripts and style sheets are blocked.
 */
export function overview(model: ReportModel): Markup | null {
  const endSec = model.verdict.run.durationMs / 1000;
  const load = loadOf(model.charts);
  const promised = model.charts
    .filter((chart) => chart.group === 'latency' && chart.limits.length > 0)
    .slice(0, MOST_ROWS);
  if (load === null && promised.length === 0) return null;
  const faults = model.verdict.faults.slice(0, MOST_LANES);
  const left = model.verdict.faults.length - faults.length;
  const scale = (second: number): number =>
    LABELS + (Math.min(endSec, Math.max(0, second)) / endSec) * (WIDTH - LABELS - EDGE);

  let y = 8;
  const parts: Markup[] = [];
  if (load !== null) {
    parts.push(area(load, y, scale));
    y += LOAD_HEIGHT + 10;
  }
  const lanesFrom = y;
  for (const [index, fault] of faults.entries()) {
    const from = scale(injectedMs(fault) / 1000);
    const to = scale((fault.cleanMs ?? fault.undoneMs ?? model.verdict.run.durationMs) / 1000);
    parts.push(markup`<text x="${LABELS - 10}" y="${y + 11}" text-anchor="end">${short(fault.name)}</text>
<rect x="${round(from)}" y="${y + 1}" width="${round(Math.max(2, to - from))}" height="12" rx="2" fill="${FAULT}" fill-opacity="0.75"/>
<text x="${laneTextAt(from, to)}" y="${y + 11}" text-anchor="${laneAnchor(to)}" fill-opacity="0.75">${short(fault.target, 40)}</text>`);
    parts.push(
      markup`<rect x="${round(from)}" y="0" width="${round(Math.max(1, to - from))}" height="${'%HEIGHT%'}" fill="${FAULT}" fill-opacity="${index % 2 === 0 ? '0.09' : '0.06'}"/>`,
    );
    y += 18;
  }
  if (left > 0) {
    parts.push(markup`<text x="${LABELS - 10}" y="${y + 11}" text-anchor="end">+ ${left} more</text>`);
    y += 18;
  }
  if (y > lanesFrom) y += 6;
  for (const chart of promised) {
    parts.push(promiseRow(chart, y, scale));
    y += ROW_HEIGHT + 12;
  }
  parts.push(axis(endSec, y, scale));
  const height = y + 20;
  const body = parts.map((part) => part.text.replace('%HEIGHT%', String(y))).join('\n');
  const label = `Load, ${faults.length} faults and ${promised.length} promised latencies over ${clockSeconds(endSec * 1000)}`;
  return markup`<svg class="overview" viewBox="0 0 ${WIDTH} ${height}" width="100%" role="img" aria-label="${label}" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">
${new Markup(body)}
</svg>`;
}

const WIDTH = 1120;
const LABELS = 150;
const EDGE = 92;
const LOAD_HEIGHT = 54;
const ROW_HEIGHT = 52;
const MOST_LANES = 12;
const MOST_ROWS = 5;
const MOST_POINTS = 400;
const FAULT = '#AA4499';
const LOAD = '#5b7083';
const P99 = '#C23A80';

interface Line {
  label: string;
  unit: Chart['unit'];
  x: number[];
  values: (number | null)[];
}

/** Users say more than a rate; where there are none, what was offered. */
function loadOf(charts: Chart[]): Line | null {
  for (const role of ['users', 'offered'] as const) {
    for (const chart of charts) {
      const series = chart.series.find((one) => one.role === role);
      if (series !== undefined && chart.x.length > 1)
        return { label: series.label, unit: chart.unit, x: chart.x, values: series.values };
    }
  }
  return null;
}

function area(line: Line, top: number, scale: (second: number) => number): Markup {
  const most = Math.max(0, ...line.values.map((value) => value ?? 0));
  const bottom = top + LOAD_HEIGHT;
  const height = (value: number): number => bottom - (most === 0 ? 0 : (value / most) * LOAD_HEIGHT);
  const points = every(line.x.length).map(
    (index) => `${round(scale(line.x[index] ?? 0))},${round(height(line.values[index] ?? 0))}`,
  );
  const first = round(scale(line.x[0] ?? 0));
  const last = round(scale(line.x.at(-1) ?? 0));
  return markup`<text x="${LABELS - 10}" y="${top + 12}" text-anchor="end">${short(line.label)}</text>
<text x="${last + 6}" y="${top + 12}" fill-opacity="0.75">${value(most, line.unit)}</text>
<polygon points="${`${first},${bottom} ${points.join(' ')} ${last},${bottom}`}" fill="${LOAD}" fill-opacity="0.35" stroke="${LOAD}" stroke-width="1"/>`;
}

/** The p99 of a request on a log axis, and the line it must stay under. */
function promiseRow(chart: Chart, top: number, scale: (second: number) => number): Markup {
  const series = chart.series.find((one) => one.role === 'p99') ?? chart.series[0];
  const line = chart.limits[0];
  if (series === undefined || line === undefined) return markup``;
  const known = series.values.filter((one) => one !== null && one > 0).map((one) => one ?? 0);
  const least = Math.log(Math.min(line.value, ...known) * 0.8);
  const most = Math.log(Math.max(line.value, ...known) * 1.2);
  const height = (at: number): number => top + ROW_HEIGHT - ((Math.log(at) - least) / (most - least)) * ROW_HEIGHT;
  const limitY = round(height(line.value));
  let path = '';
  let drawing = false;
  for (const index of peaks(series.values)) {
    const at = series.values[index] ?? null;
    if (at === null || at <= 0) {
      drawing = false;
      continue;
    }
    path += `${drawing ? 'L' : 'M'}${round(scale(chart.x[index] ?? 0))} ${round(height(at))}`;
    drawing = true;
  }
  return markup`<text x="${LABELS - 10}" y="${top + ROW_HEIGHT / 2 + 4}" text-anchor="end">${short(chart.title)}</text>
<path d="${path}" fill="none" stroke="${P99}" stroke-width="1.5"/>
<line x1="${LABELS}" y1="${limitY}" x2="${WIDTH - EDGE}" y2="${limitY}" stroke="currentColor" stroke-width="1" stroke-dasharray="5 4"/>
<text x="${WIDTH - EDGE + 6}" y="${limitY + 4}">limit ${value(line.value, chart.unit)}</text>`;
}

function axis(endSec: number, y: number, scale: (second: number) => number): Markup {
  const step = STEPS.find((one) => endSec / one <= 10) ?? Math.ceil(endSec / 36_000) * 3600;
  const ticks = Array.from({ length: Math.floor(endSec / step) + 1 }, (_, index) => index * step);
  return markup`<line x1="${LABELS}" y1="${y}" x2="${WIDTH - EDGE}" y2="${y}" stroke="currentColor" stroke-opacity="0.3"/>
${ticks.map((tick) => markup`<text x="${round(scale(tick))}" y="${y + 14}" text-anchor="middle" fill-opacity="0.75">${clockSeconds(tick * 1000)}</text>`)}`;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

function value(at: number, unit: Chart['unit']): string {
  return exact(Number(at.toPrecision(3)), unit === 'count' ? 'number' : unit);
}

function every(length: number): number[] {
  const step = Math.max(1, Math.ceil(length / MOST_POINTS));
  return Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step);
}

/** Of each bucket the position of its highest value: a spike may not vanish. */
function peaks(values: (number | null)[]): number[] {
  const step = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  return every(values.length).map((start) => {
    let best = start;
    for (let index = start; index < Math.min(values.length, start + step); index++) {
      if ((values[index] ?? -1) > (values[best] ?? -1)) best = index;
    }
    return best;
  });
}

/** Beside its bar, on the side where there is room. */
function laneTextAt(from: number, to: number): number {
  return round(to > WIDTH * 0.65 ? from - 6 : to + 6);
}

function laneAnchor(to: number): string {
  return to > WIDTH * 0.65 ? 'end' : 'start';
}

function short(text: string, most = 24): string {
  return text.length <= most ? text : `${text.slice(0, most / 2)}…${text.slice(-(most / 2 - 1))}`;
}

function round(at: number): number {
  return Math.round(at * 10) / 10;
}
