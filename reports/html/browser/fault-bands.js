/** @import UPlot from 'uplot' */
import { clock } from '../../format.ts';
import { element, run } from './page.js';
import { colour } from './palette.js';

/** A lane is this high; above each chart there is one for each fault that overlaps another. */
export const LANE_HEIGHT = 18;
const MOST_LANES = 8;

/** For each fault the lane it lies in: the first one that is free when it begins. */
export const lanes = assignLanes();

/** How many lanes there are. */
export const laneCount = Math.min(MOST_LANES, Math.max(0, ...lanes.map((lane) => lane + 1)));

/**
 * Draws the faults under the grid: outlined until proven, hatched while they act, a dotted edge until recovered. What is
 * outside the judged time is greyed.
 * @param {UPlot} u
 */
export function drawBands(u) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  if (run.judged !== null) {
    grey(u, 0, run.judged.from);
    grey(u, run.judged.to, run.durationSec);
  }
  for (const [index, fault] of run.faults.entries()) {
    const from = u.valToPos(fault.from, 'x', true);
    const to = u.valToPos(fault.to, 'x', true);
    const proven = fault.proven === null ? to : u.valToPos(fault.proven, 'x', true);
    ctx.fillStyle = colour('fault');
    ctx.globalAlpha = Number(colour('fault-alpha'));
    ctx.fillRect(proven, top, to - proven, height);
    ctx.fillStyle = hatch(ctx, index);
    ctx.globalAlpha = 0.35;
    ctx.fillRect(proven, top, to - proven, height);
    ctx.globalAlpha = 0.8;
    ctx.strokeStyle = colour('fault');
    ctx.lineWidth = devicePixelRatio;
    for (const at of [from, to]) edge(ctx, at, top, height, []);
    if (fault.proven !== null) edge(ctx, proven, top, height, [3 * devicePixelRatio, 3 * devicePixelRatio]);
    if (fault.recovered !== null) {
      edge(ctx, u.valToPos(fault.recovered, 'x', true), top, height, [devicePixelRatio, 4 * devicePixelRatio]);
    }
  }
  ctx.restore();
}

/**
 * Puts the names of the faults above the plot, as links that zoom to them.
 * @param {UPlot} u
 */
export function placeLanes(u) {
  const wrap = u.root.querySelector('.u-wrap');
  if (wrap === null) return;
  for (const old of wrap.querySelectorAll('.lane')) old.remove();
  const plotLeft = u.bbox.left / devicePixelRatio;
  const plotWidth = u.bbox.width / devicePixelRatio;
  for (const [index, fault] of run.faults.entries()) {
    const lane = lanes[index] ?? 0;
    if (lane >= MOST_LANES) continue;
    const from = Math.max(0, u.valToPos(fault.from, 'x'));
    const to = Math.min(plotWidth, u.valToPos(fault.to, 'x'));
    if (to <= 0 || from >= plotWidth) continue;
    const link = element('a', 'lane', fault.name);
    link.href = `#w=${encodeURIComponent(`fault:${fault.name}`)}`;
    link.title = fault.label;
    link.style.left = `${plotLeft + from}px`;
    link.style.width = `${Math.max(3, to - from)}px`;
    link.style.top = `${lane * LANE_HEIGHT}px`;
    wrap.append(link);
  }
}

/**
 * @param {number} second
 * @returns {string} what acts at that moment, in words
 */
export function faultsAt(second) {
  return run.faults
    .filter((fault) => second >= fault.from && second <= (fault.recovered ?? fault.to))
    .map((fault) => {
      if (second > fault.to) return `recovery of ${fault.name}`;
      if (fault.proven === null) return `${fault.name} (no effect measured)`;
      return second < fault.proven ? `${fault.name} (proven at ${clock(fault.proven * 1000)})` : fault.name;
    })
    .join(', ');
}

function assignLanes() {
  /** @type {number[]} */
  const freeFrom = [];
  return run.faults.map((fault) => {
    const free = freeFrom.findIndex((at) => at <= fault.from);
    const lane = free === -1 ? freeFrom.length : free;
    freeFrom[lane] = fault.to;
    return lane;
  });
}

/**
 * @param {UPlot} u
 * @param {number} fromSec
 * @param {number} toSec
 */
function grey(u, fromSec, toSec) {
  const { ctx } = u;
  const from = u.valToPos(fromSec, 'x', true);
  const to = u.valToPos(toSec, 'x', true);
  ctx.globalAlpha = 0.1;
  ctx.fillStyle = colour('text');
  ctx.fillRect(from, u.bbox.top, to - from, u.bbox.height);
  const visibleFrom = Math.max(from, u.bbox.left);
  const visible = Math.min(to, u.bbox.left + u.bbox.width) - visibleFrom;
  ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
  if (visible < ctx.measureText('not judged').width + 12 * devicePixelRatio) return;
  ctx.globalAlpha = 0.6;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  ctx.fillText('not judged', visibleFrom + 5 * devicePixelRatio, u.bbox.top + 4 * devicePixelRatio);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} at
 * @param {number} top
 * @param {number} height
 * @param {number[]} dash
 */
function edge(ctx, at, top, height, dash) {
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(Math.round(at) + 0.5, top);
  ctx.lineTo(Math.round(at) + 0.5, top + height);
  ctx.stroke();
  ctx.setLineDash([]);
}

/**
 * Shape tells faults apart, not hue: `/ \ x . - +` in turn.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} index
 * @returns {CanvasPattern | string}
 */
function hatch(ctx, index) {
  const size = 8 * devicePixelRatio;
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext('2d');
  if (pen === null) return 'transparent';
  pen.strokeStyle = colour('fault');
  pen.fillStyle = colour('fault');
  pen.lineWidth = devicePixelRatio;
  const shape = index % 6;
  /** @param {number[]} points */
  const line = ([x1 = 0, y1 = 0, x2 = 0, y2 = 0]) => {
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
  };
  if (shape === 0 || shape === 2) line([0, size, size, 0]);
  if (shape === 1 || shape === 2) line([0, 0, size, size]);
  if (shape === 3) pen.fillRect(size / 2, size / 2, 2 * devicePixelRatio, 2 * devicePixelRatio);
  if (shape === 4 || shape === 5) line([0, size / 2, size, size / 2]);
  if (shape === 5) line([size / 2, 0, size / 2, size]);
  return ctx.createPattern(tile, 'repeat') ?? 'transparent';
}
