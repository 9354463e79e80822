/** @import UPlot from 'uplot' */
/** @import { PageChart } from '../page-data-types.ts' */
import { clock, clockSeconds, count, exact, latency, percent, rate } from '../../format.ts';
import { drawBands, LANE_HEIGHT, laneCount, placeLanes } from './fault-bands.js';
import { run } from './page.js';
import { colour, lineStyle } from './palette.js';
import { hideTip, showTip } from './tip.js';
import { view, zoom } from './view.js';

/** Wide enough for every label, and the same in all charts: their positions line up under each other. */
const LEFT = 76;
const RIGHT = 96;

/**
 * Draws a chart into a box and keeps it to the shared stretch of time.
 * @param {PageChart} chart
 * @param {HTMLElement} box
 * @param {number} width
 * @returns {UPlot}
 */
export function drawChart(chart, box, width) {
  const x = run.xs[chart.x] ?? [];
  const values = chart.series.map((series) => (chart.scale === 'log' ? series.values.map(positive) : series.values));
  const styles = chart.series.map((series, index) => lineStyle(series.role, index));
  const top = laneCount * LANE_HEIGHT + 4;
  const text = colour('quiet');
  const grid = { stroke: colour('grid'), width: 1 };
  const font = '11px system-ui, sans-serif';
  /** @type {UPlot.Options} */
  const options = {
    width,
    height: (chart.group === 'latency' ? 230 : 170) + top,
    padding: [top, RIGHT, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'run', filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave', sub: () => true } },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: false, range: () => [view.from, view.to] },
      y: { distr: chart.scale === 'log' ? 3 : 1, range: (_, least, most) => yRange(chart, least, most) },
    },
    axes: [
      {
        stroke: text,
        grid,
        ticks: grid,
        font,
        size: 30,
        values: (_, ticks) => ticks.map((tick) => clockSeconds(tick * 1000)),
        incrs: X_STEPS,
      },
      {
        stroke: text,
        grid,
        ticks: grid,
        font,
        size: LEFT,
        splits: (_, __, least, most) => (chart.scale === 'log' ? logSplits(least, most) : linearSplits(least, most)),
        ...(chart.scale === 'log'
          ? { filter: (/** @type {UPlot} */ _, /** @type {number[]} */ splits) => splits }
          : {}),
        values: (_, ticks) => ticks.map((tick) => axisLabel(chart, tick)),
      },
    ],
    series: [
      {},
      ...chart.series.map((series, index) => ({
        label: series.label,
        stroke: styles[index]?.colour ?? text,
        width: styles[index]?.width ?? 1.5,
        dash: styles[index]?.dash ?? [],
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      drawClear: [drawBands],
      draw: [(u) => drawLimits(u, chart), (u) => drawEndLabels(u, chart), placeLanes],
      setSelect: [(u) => selectToZoom(u)],
      setCursor: [(u) => (u.root.matches(':hover') ? showTip(u, chart) : undefined)],
      ready: [(u) => u.over.addEventListener('mouseleave', hideTip)],
    },
  };
  return new uPlot(options, [x, ...values], box);
}

/**
 * @param {PageChart} chart
 * @param {number | null | undefined} value
 */
export function valueText(chart, value) {
  const known = value ?? null;
  switch (chart.unit) {
    case 'ms':
      return latency(known);
    case 'per second':
      return rate(known);
    case 'count':
      return count(known);
    case 'ratio':
      return percent(known);
    default:
      return chart.unit;
  }
}

const X_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

/** @param {number | null} value zero and less have no place on a log axis */
function positive(value) {
  return value === null || value <= 0 ? null : value;
}

/**
 * The limit is always in sight, and there is air above the highest line.
 * @param {PageChart} chart
 * @param {number | null} least
 * @param {number | null} most
 * @returns {[number, number]}
 */
function yRange(chart, least, most) {
  const limits = chart.limits.map((limit) => limit.value);
  const high = Math.max(most ?? 0, ...limits);
  if (chart.scale === 'linear') return [0, high <= 0 ? 1 : high * 1.12];
  const low = Math.min(least ?? (high || 1), ...limits.filter((limit) => limit > 0));
  return [Math.max(low * 0.7, 1e-6), Math.max(high, low * 2) * 1.4];
}

/**
 * 1, 2 and 5 of each decade; only the decades when there are many.
 * @param {number} least
 * @param {number} most
 */
function logSplits(least, most) {
  const mantissas = Math.log10(most / least) > 3.5 ? [1] : [1, 2, 5];
  const splits = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++) {
    for (const mantissa of mantissas) splits.push(Number((mantissa * 10 ** power).toPrecision(1)));
  }
  return splits.filter((split) => split >= least && split <= most);
}

/**
 * @param {number} least
 * @param {number} most
 */
function linearSplits(least, most) {
  const rough = (most - least) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const splits = [];
  for (let at = Math.ceil(least / step) * step; at <= most; at += step) splits.push(Number(at.toPrecision(12)));
  return splits;
}

/**
 * @param {PageChart} chart
 * @param {number} tick
 */
function axisLabel(chart, tick) {
  return exact(tick, chart.unit === 'count' ? 'number' : chart.unit);
}

/** @param {UPlot} u */
function selectToZoom(u) {
  if (u.select.width < 4) return;
  const from = u.posToVal(u.select.left, 'x');
  const to = u.posToVal(u.select.left + u.select.width, 'x');
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom(from, to);
}

/**
 * The limit, dashed, with its value; what is above it is drawn again, thicker.
 * @param {UPlot} u
 * @param {PageChart} chart
 */
function drawLimits(u, chart) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  for (const limit of chart.limits) {
    const y = u.valToPos(limit.value, 'y', true);
    if (y < top || y > top + height) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, y - top);
    ctx.clip();
    for (const [index, series] of chart.series.entries()) {
      if (!isAbout(limit.label, chart, series.label)) continue;
      const drawn = u.series[index + 1];
      const path = /** @type {{ _paths?: { stroke?: Path2D } } | undefined} */ (drawn)?._paths?.stroke;
      if (path === undefined) continue;
      const style = lineStyle(series.role, index);
      ctx.strokeStyle = style.colour;
      ctx.setLineDash(style.dash.map((length) => length * devicePixelRatio));
      ctx.lineWidth = ((drawn?.width ?? 1.5) + 1.5) * devicePixelRatio;
      ctx.stroke(path);
    }
    ctx.restore();
    ctx.strokeStyle = colour('text');
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  ctx.restore();
}

/**
 * A limit is about the series it names; when it names none, about all of them.
 * @param {string} label
 * @param {PageChart} chart
 * @param {string} series
 */
function isAbout(label, chart, series) {
  const words = label.split(/\s+/);
  return words.includes(series) || !chart.series.some((one) => words.includes(one.label));
}

/**
 * Each line is named at its right end, and the limits there too, moved apart where they would overlap.
 * @param {UPlot} u
 * @param {PageChart} chart
 */
function drawEndLabels(u, chart) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const size = 11 * devicePixelRatio;
  const labels = chart.series.flatMap((series, index) => {
    const value = lastVisible(u, index + 1);
    if (value === null) return [];
    return [
      {
        text: series.label,
        colour: lineStyle(series.role, index).colour,
        y: u.valToPos(value, 'y', true),
        bold: false,
      },
    ];
  });
  for (const limit of chart.limits) {
    labels.push({
      text: `limit ${axisLabel(chart, limit.value)}`,
      colour: colour('text'),
      y: u.valToPos(limit.value, 'y', true),
      bold: true,
    });
  }
  labels.sort((a, b) => a.y - b.y);
  const gap = size * 1.15;
  for (const [index, label] of labels.entries()) {
    const above = labels[index - 1];
    label.y = Math.max(label.y, above === undefined ? top + gap / 2 : above.y + gap);
  }
  let lowest = top + height;
  for (const label of labels.toReversed()) {
    label.y = Math.min(label.y, lowest);
    lowest = label.y - gap;
  }
  ctx.save();
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  for (const label of labels) {
    ctx.font = `${label.bold ? '600 ' : ''}${size}px system-ui, sans-serif`;
    ctx.fillStyle = label.colour;
    ctx.fillText(
      fitting(ctx, label.text, (RIGHT - 10) * devicePixelRatio),
      left + width + 7 * devicePixelRatio,
      label.y,
    );
  }
  ctx.restore();
}

/**
 * @param {UPlot} u
 * @param {number} index
 */
function lastVisible(u, index) {
  const values = u.data[index] ?? [];
  const [from, to] = u.series[0]?.idxs ?? [0, values.length - 1];
  for (let at = to; at >= from; at--) {
    const value = values[at];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} width
 */
function fitting(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text;
  let most = text.length - 1;
  while (most > 1 && ctx.measureText(`${text.slice(0, most)}…`).width > width) most -= 1;
  return `${text.slice(0, most)}…`;
}

/**
 * A moment and its values in one sentence, for whoever can't see the chart.
 * @param {UPlot} u
 * @param {PageChart} chart
 * @param {number} index
 */
export function sentenceAt(u, chart, index) {
  const second = u.data[0][index] ?? 0;
  const values = chart.series.map((series, at) => `${series.label} ${valueText(chart, u.data[at + 1]?.[index])}`);
  return `${clock(second * 1000)}: ${values.join(', ')}`;
}
