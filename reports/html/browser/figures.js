/** @import UPlot from 'uplot' */
/** @import { PageChart } from '../page-data-types.ts' */
import { clock } from '../../format.ts';
import { drawChart, sentenceAt, valueText } from './chart.js';
import { element, one, run } from './page.js';
import { onView, view, zoomOut } from './view.js';

/** @typedef {{ chart: PageChart, figure: HTMLElement, box: HTMLElement, plot: UPlot | null, near: boolean }} Figure */

/** @type {Figure[]} */
const figures = run.charts.map((chart, index) => {
  const figure = one(`[data-chart="${index}"]`, HTMLElement);
  return { chart, figure, box: one('.plot', HTMLElement, figure), plot: null, near: false };
});

/** Draws the charts that are in sight or nearly, and keeps all of them to the same stretch of time, width and theme. */
export function startFigures() {
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const found = figures.find((one) => one.figure === entry.target);
        if (found === undefined) continue;
        found.near = entry.isIntersecting;
        if (found.near && found.plot === null) draw(found);
      }
    },
    { rootMargin: '600px' },
  );
  for (const one of figures) {
    seen.observe(one.figure);
    one.box.addEventListener('dblclick', zoomOut);
    one.box.addEventListener('keydown', (event) => walk(event, one));
    fillTableOnce(one);
  }
  onView((what) => {
    for (const { plot } of figures) if (what === 'zoom') plot?.setScale('x', { min: view.from, max: view.to });
    if (what === 'theme') redraw();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  followWidth();
}

/**
 * Every chart, whether in sight or not, in the light palette and at a width that fits on paper; then as it was.
 * @param {boolean} on
 */
export function printFigures(on) {
  for (const one of figures) draw(one, on ? 700 : undefined);
}

/**
 * The chart that shows a thing: by its id, or by the end of it (`checkout` finds `latency.checkout`).
 * @param {string} id
 */
export function scrollToChart(id) {
  const found = figures.find((one) => one.chart.id === id);
  (found?.figure ?? document.getElementById('charts'))?.scrollIntoView({ block: 'start' });
}

/** @param {Figure} figure */
function draw(figure, width = Math.max(320, figure.box.clientWidth)) {
  figure.plot?.destroy();
  figure.plot = drawChart(figure.chart, figure.box, width);
}

function redraw() {
  for (const one of figures) if (one.plot !== null) draw(one);
}

function followWidth() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let width = document.documentElement.clientWidth;
  addEventListener('resize', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (document.documentElement.clientWidth === width) return;
      width = document.documentElement.clientWidth;
      redraw();
    }, 100);
  });
}

/**
 * Arrow keys move the cursor by one position and say what is there.
 * @param {KeyboardEvent} event
 * @param {Figure} figure
 */
function walk(event, { chart, plot }) {
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
  if (step === undefined || plot === null) return;
  event.preventDefault();
  const [first, last] = plot.series[0]?.idxs ?? [0, plot.data[0].length - 1];
  const index = Math.min(last, Math.max(first, (plot.cursor.idx ?? first) + step));
  plot.setCursor({ left: plot.valToPos(plot.data[0][index] ?? 0, 'x'), top: 1 });
  say(sentenceAt(plot, chart, index));
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let speaking;

/** @param {string} text */
function say(text) {
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    one('#spoken', HTMLElement).textContent = text;
  }, 150);
}

const MOST_ROWS = 60;

/**
 * The same values as a table of at most 60 rows, made when somebody opens it. A row has the highest value of its stretch.
 * @param {Figure} figure
 */
function fillTableOnce({ chart, figure }) {
  const details = one('details', HTMLDetailsElement, figure);
  details.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('table') !== null) return;
    const x = run.xs[chart.x] ?? [];
    const size = Math.max(1, Math.ceil(x.length / MOST_ROWS));
    const table = element('table');
    const head = element('tr');
    head.append(element('th', '', 'time'), ...chart.series.map((series) => element('th', '', series.label)));
    table.append(head);
    for (let from = 0; from < x.length; from += size) {
      const row = element('tr');
      row.append(element('th', '', clock((x[from] ?? 0) * 1000)));
      for (const series of chart.series)
        row.append(element('td', '', valueText(chart, highest(series.values.slice(from, from + size)))));
      table.append(row);
    }
    details.append(table);
  });
}

/** @param {(number | null)[]} values */
function highest(values) {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
