/** @import UPlot from 'uplot' */
/** @import { PageChart } from '../page-data-types.ts' */
import { clock, exact } from '../../format.ts';
import { valueText } from './chart.js';
import { faultsAt } from './fault-bands.js';
import { element } from './page.js';
import { lineStyle } from './palette.js';

const tip = element('div', 'tip');
tip.hidden = true;
document.body.append(tip);

/**
 * One panel for all charts, beside the cursor of the chart that is pointed at.
 * @param {UPlot} u
 * @param {PageChart} chart
 */
export function showTip(u, chart) {
  const index = u.cursor.idx;
  const left = u.cursor.left ?? -1;
  if (index === null || index === undefined || left < 0) return hideTip();
  const second = u.data[0][index] ?? 0;
  const faults = faultsAt(second);
  const rows = chart.series.map((series, at) => {
    const row = element('tr');
    const name = element('th', '', series.label);
    name.style.color = lineStyle(series.role, at).colour;
    row.append(name, element('td', '', valueText(chart, u.data[at + 1]?.[index])));
    return row;
  });
  for (const limit of chart.limits) {
    const row = element('tr', 'limit');
    row.append(
      element('th', '', 'limit'),
      element('td', '', exact(limit.value, chart.unit === 'count' ? 'number' : chart.unit)),
    );
    rows.push(row);
  }
  const table = element('table');
  table.append(...rows);
  tip.replaceChildren(
    element('b', '', clock(second * 1000)),
    ...(faults === '' ? [] : [element('i', '', faults)]),
    table,
  );
  tip.hidden = false;
  const plot = u.over.getBoundingClientRect();
  const at = plot.left + left;
  const before = at > document.documentElement.clientWidth - tip.offsetWidth - 40;
  tip.style.left = `${before ? at - tip.offsetWidth - 16 : at + 16}px`;
  tip.style.top = `${Math.max(8, Math.min(plot.top + 8, innerHeight - tip.offsetHeight - 8))}px`;
}

export function hideTip() {
  tip.hidden = true;
}
