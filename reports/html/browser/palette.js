/** @import { SeriesRole } from '../../model.ts' */

/** @typedef {{ colour: string, width: number, dash: number[] }} LineStyle */

/**
 * The colours of the theme in force; a canvas can't read CSS variables by itself.
 * @param {string} name
 */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * Percentiles have a look of their own everywhere; other series take the next one that is free, told apart by their
 * dashes as well as by their colour.
 * @param {SeriesRole} role
 * @param {number} index the series' place in its chart
 * @returns {LineStyle}
 */
export function lineStyle(role, index) {
  switch (role) {
    case 'p50':
      return { colour: colour('p50'), width: 1.5, dash: [] };
    case 'p90':
      return { colour: colour('p90'), width: 1.5, dash: [8, 3] };
    case 'p99':
      return { colour: colour('p99'), width: 2.5, dash: [] };
    case 'p999':
      return { colour: colour('p999'), width: 1.5, dash: [2, 3] };
    case 'offered':
      return { colour: colour('quiet'), width: 1.5, dash: [6, 4] };
    case 'done':
    case 'users':
      return { colour: colour('p50'), width: 2, dash: [] };
    case 'dropped':
      return { colour: colour('failed'), width: 2, dash: [] };
    case 'errors':
    case 'other':
      return OTHERS[index % OTHERS.length]?.() ?? { colour: colour('text'), width: 1.5, dash: [] };
    default:
      return role;
  }
}

/** @type {(() => LineStyle)[]} */
const OTHERS = [
  () => ({ colour: colour('p99'), width: 2, dash: [] }),
  () => ({ colour: colour('p50'), width: 1.5, dash: [8, 3] }),
  () => ({ colour: colour('p90'), width: 1.5, dash: [] }),
  () => ({ colour: colour('p999'), width: 1.5, dash: [2, 3] }),
  () => ({ colour: colour('text'), width: 1.5, dash: [10, 3, 2, 3] }),
  () => ({ colour: colour('quiet'), width: 1.5, dash: [] }),
];
