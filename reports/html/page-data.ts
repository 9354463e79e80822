import { clock } from '../format.ts';
import { renderMarkdown } from '../markdown.ts';
import type { Chart, ReportModel } from '../model.ts';
import { injectedMs } from '../sentences.ts';
import type { PageChart, PageData, PageFault } from './page-data-types.ts';
import { thin } from './thin.ts';

/**
 * What the page's script needs: all charts with at most 1,200 positions each, fewer when there are very many series. What
 * goes into an address there is well-formed: a browser refuses to encode half of a surrogate pair.
 */
export function pageData(model: ReportModel): PageData {
  const { verdict } = model;
  const series = model.charts.reduce((sum, chart) => sum + chart.series.length, 0);
  const most = Math.min(MOST_POINTS, Math.max(LEAST_POINTS, Math.floor(MOST_VALUES / Math.max(1, series))));
  const xs: number[][] = [];
  const charts = model.charts.filter(isDrawn).map((chart) => pageChart(chart, most, xs));
  const whole = verdict.windows.find((window) => window.kind === 'whole')?.spans[0];
  return {
    charts,
    xs,
    faults: verdict.faults.map((fault) => pageFault(fault, verdict.run.durationMs)),
    windows: verdict.windows.map(({ name, spans }) => ({
      name: name.toWellFormed(),
      from: Math.min(...spans.map((span) => span.fromMs)) / 1000,
      to: Math.max(...spans.map((span) => span.toMs)) / 1000,
    })),
    judged: whole === undefined ? null : { from: whole.fromMs / 1000, to: whole.toMs / 1000 },
    durationSec: Math.max(verdict.run.durationMs / 1000, 1),
    markdown: renderMarkdown(model),
  };
}

/** Whether there is anything to draw: the figures on the page and the charts in the data are the same ones. */
export function isDrawn(chart: Chart): boolean {
  if (chart.empty !== undefined) return false;
  return chart.series.some((series) => series.values.some((value) => value !== null));
}

const MOST_POINTS = 1200;
const LEAST_POINTS = 120;
/** Keeps the page under its two megabytes: a value is about six characters. */
const MOST_VALUES = 150_000;

function pageChart(chart: Chart, most: number, xs: number[][]): PageChart {
  const { x, series } = thin(chart, most);
  const text = JSON.stringify(x);
  const known = xs.findIndex((one) => one.length === x.length && JSON.stringify(one) === text);
  return {
    id: chart.id.toWellFormed(),
    group: chart.group,
    title: chart.title,
    caption: chart.caption,
    unit: chart.unit,
    scale: chart.scale,
    x: known === -1 ? xs.push(x) - 1 : known,
    series,
    limits: chart.limits,
  };
}

/** A fault that was never undone acts until the end. */
function pageFault(fault: ReportModel['verdict']['faults'][number], endMs: number): PageFault {
  const undone = fault.cleanMs ?? fault.undoneMs;
  return {
    name: fault.name.toWellFormed(),
    target: fault.target,
    from: injectedMs(fault) / 1000,
    proven: fault.provenMs === undefined ? null : fault.provenMs / 1000,
    to: (undone ?? endMs) / 1000,
    recovered: fault.recoveredMs === undefined ? null : fault.recoveredMs / 1000,
    label: `${fault.name} on ${fault.target}, ${clock(injectedMs(fault))} to ${undone === undefined ? 'the end' : clock(undone)}`,
  };
}
