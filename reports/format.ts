import type { Unit } from '../harness/verdict/verdict.ts';

/**
 * How a number becomes text, for every artefact a person reads: terminal, HTML, Markdown, JUnit and the journal's
 * sentences. Nothing here imports code, because the browser half of report.html carries this file too.
 */

/** What stands where there is nothing to show. Never 0: no data is a state of its own. */
export const NOTHING = '–';

/** Milliseconds as `0.38 ms`, `1.2 ms`, `38 ms`, `1.21 s`, `112 s`. */
export function latency(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return NOTHING;
  if (!Number.isFinite(ms)) return ms > 0 ? '∞' : '-∞';
  if (ms < 0) return `-${latency(-ms)}`;
  if (ms === 0) return '0 ms';
  if (ms < 0.005) return '< 0.01 ms';
  if (ms < 0.995) return `${ms.toFixed(2)} ms`;
  if (ms < 9.95) return `${tenths(ms)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  return `${grouped(seconds)} s`;
}

/** A whole number as `100,000`; a broken one keeps three significant digits. */
export function count(value: number | null): string {
  if (value === null || Number.isNaN(value)) return NOTHING;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return grouped(value);
  return String(Number(value.toPrecision(3)));
}

/** Events a second as `19,566/s`, `3.2/s`, `< 0.1/s`; `0/s` only for exactly none. */
export function rate(perSec: number | null): string {
  if (perSec === null || Number.isNaN(perSec)) return NOTHING;
  if (perSec < 0) return `-${rate(-perSec)}`;
  if (perSec === 0) return '0/s';
  if (perSec < 0.05) return '< 0.1/s';
  if (perSec < 9.95 && !Number.isInteger(perSec)) return `${tenths(perSec)}/s`;
  return `${count(Math.round(perSec))}/s`;
}

/**
 * A ratio (1 = all) as `0.31 %`, `4.2 %`, `61 %`. `0 %` is exactly none and `100 %` exactly all: what lies just beside
 * them reads `< 0.01 %` and `> 99.99 %`.
 */
export function percent(ratio: number | null): string {
  if (ratio === null || Number.isNaN(ratio)) return NOTHING;
  if (!Number.isFinite(ratio)) return ratio > 0 ? '∞ %' : '-∞ %';
  if (ratio < 0) return `-${percent(-ratio)}`;
  const value = ratio * 100;
  if (ratio === 0) return '0 %';
  if (ratio === 1) return '100 %';
  if (value < 0.005) return '< 0.01 %';
  if (value < 0.995) return `${value.toFixed(2)} %`;
  if (value < 9.95) return `${tenths(value)} %`;
  if (value < 99) return `${value.toFixed(0)} %`;
  if (value < 99.99) return `${Math.floor(value * 100) / 100} %`;
  if (value < 100) return '> 99.99 %';
  if (value < 100.5) return '> 100 %';
  return `${grouped(value)} %`;
}

/** A length of time as `380 ms`, `4.8 s`, `45 s`, `4 min 13 s`, `1 h 2 min`. */
export function duration(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return NOTHING;
  if (!Number.isFinite(ms)) return '∞';
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 999.5) return latency(ms);
  if (ms < 59_950) return `${tenths(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return withRest(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / 60_000);
  return withRest(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

/** How much later something came than what it is counted from: `+3.1 s`. */
export function delay(ms: number | null): string {
  if (ms === null) return NOTHING;
  return ms < 0 ? duration(ms) : `+${duration(ms)}`;
}

/** A moment on the run's clock as `02:07.4`, from an hour on `1:02:07`. Cut, not rounded: nothing is early. */
export function clock(tMs: number | null): string {
  if (tMs === null || !Number.isFinite(tMs)) return NOTHING;
  if (tMs < 0) return `-${clock(-tMs)}`;
  if (tMs >= 3_600_000) return clockSeconds(tMs);
  return `${clockSeconds(tMs)}.${Math.floor((tMs % 1000) / 100)}`;
}

/** The same without tenths, for axes and headers: `02:07`, `1:02:07`. */
export function clockSeconds(tMs: number): string {
  if (tMs < 0) return `-${clockSeconds(-tMs)}`;
  const total = Math.floor(tMs / 1000);
  const hours = Math.floor(total / 3600);
  const minutes = two(Math.floor(total / 60) % 60);
  return hours > 0 ? `${hours}:${minutes}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** What is left, as `0:24` or `1:02:07`. Rounded up: a countdown shows 0:00 only when it is over. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds >= 3600 ? clockSeconds(seconds * 1000) : `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

/** A limit exactly as it was set: `< 400 ms`, `>= 99.9 %`. A limit is never rounded. */
export function limit(op: string, value: number, unit: Unit): string {
  return `${op} ${exact(value, unit)}`;
}

/**
 * A measured value in its unit. Given the limit it is judged by, it takes as many digits as it needs to be told from
 * it, so that `399.7 ms` does not stand as `400 ms` beside `< 400 ms`.
 */
export function measured(value: number | null, unit: Unit, limitValue?: number): string {
  const text = inUnit(value, unit);
  if (value === null || limitValue === undefined || value === limitValue) return text;
  if (text !== inUnit(limitValue, unit) && text !== exact(limitValue, unit)) return text;
  for (let digits = 3; digits < 17; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (rounded !== limitValue) return exact(rounded, unit);
  }
  return exact(value, unit);
}

function inUnit(value: number | null, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return latency(value);
    case 'ratio':
      return percent(value);
    case 'per second':
      return rate(value);
    case 'number':
      return count(value);
    default:
      return unit satisfies never;
  }
}

/** A value with all the digits it was given: for limits, which are never rounded. */
export function exact(value: number, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return Math.abs(value) >= 1000 ? `${allDigits(value / 1000)} s` : `${allDigits(value)} ms`;
    case 'ratio':
      return `${allDigits(value * 100)} %`;
    case 'per second':
      return `${allDigits(value)}/s`;
    case 'number':
      return allDigits(value);
    default:
      return unit satisfies never;
  }
}

/** Twelve digits drop what binary fractions add (0.001 * 100) and keep all that a person wrote. */
function allDigits(value: number): string {
  const [whole = '', fraction] = String(Number(value.toPrecision(12))).split('.');
  if (whole.includes('e')) return whole;
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

function grouped(value: number): string {
  return allDigits(Math.round(value));
}

/** One digit after the point, none when it would be 0. */
function tenths(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function withRest(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
