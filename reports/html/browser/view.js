import { run } from './page.js';

/**
 * What is being looked at: the stretch of time and the theme. It lives in the address (`#t=118-170&w=fault:x&c=latency.y`),
 * so that a link shows the same view. Nothing is stored: files opened from disk would share one store.
 */
export const view = { from: 0, to: run.durationSec, window: '', chart: '', theme: 'system' };

/** @type {Set<(what: 'zoom' | 'theme') => void>} */
const listeners = new Set();

/** @param {(what: 'zoom' | 'theme') => void} listener */
export function onView(listener) {
  listeners.add(listener);
}

/**
 * @param {number} from seconds on the run's clock
 * @param {number} to
 * @param {string} name the window this stretch is, if it is one
 */
export function zoom(from, to, name = '') {
  const least = Math.min(1, run.durationSec / 20);
  view.from = Math.max(0, Math.min(from, run.durationSec - least));
  view.to = Math.min(run.durationSec, Math.max(to, view.from + least));
  view.window = name;
  writeHash();
  for (const listener of listeners) listener('zoom');
}

export function zoomOut() {
  zoom(0, run.durationSec);
}

export function isZoomed() {
  return view.from > 0 || view.to < run.durationSec;
}

/**
 * With a little of what came before and after.
 * @param {string} name
 */
export function zoomToWindow(name) {
  const found = run.windows.find((one) => one.name === name);
  if (found === undefined) return;
  const margin = Math.max(2, (found.to - found.from) * 0.15);
  zoom(found.from - margin, found.to + margin, name);
}

/** @param {string} theme system, light or dark */
export function setTheme(theme) {
  view.theme = theme;
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  writeHash();
  for (const listener of listeners) listener('theme');
}

/** Follows the address. Returns the id of the chart it asks for, or an empty text. */
export function readHash() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const theme = asked.get('theme') ?? view.theme;
  if (theme !== view.theme && ['system', 'light', 'dark'].includes(theme)) setTheme(theme);
  const [from, to] = (asked.get('t') ?? '').split('-').map(Number);
  view.chart = asked.get('c') ?? '';
  const name = asked.get('w');
  if (from !== undefined && to !== undefined && Number.isFinite(from) && to > from) zoom(from, to, name ?? '');
  else if (name !== null) zoomToWindow(name);
  return view.chart;
}

function writeHash() {
  const parts = [];
  if (view.window !== '') parts.push(`w=${encodeURIComponent(view.window)}`);
  if (isZoomed()) parts.push(`t=${Number(view.from.toFixed(1))}-${Number(view.to.toFixed(1))}`);
  if (view.chart !== '') parts.push(`c=${encodeURIComponent(view.chart)}`);
  if (view.theme !== 'system') parts.push(`theme=${view.theme}`);
  history.replaceState(null, '', parts.length === 0 ? location.pathname + location.search : `#${parts.join('&')}`);
}
