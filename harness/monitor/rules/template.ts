import { formatNumber } from '../number-text.ts';

/*
 * The part of Prometheus' templates that labels and annotations use: {{ $value }}, {{ $labels.job }}, and three filters.
 * Anything else is refused by name when the rules are read.
 */
const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/g;
const KNOWN = /^(?:\$value|\$labels\.([a-zA-Z_][a-zA-Z0-9_]*))(?:\s*\|\s*(\w+))?$/;

const FILTERS: Record<string, (value: number) => string> = {
  humanize,
  humanizeDuration,
  humanizePercentage: (value) => `${short(value * 100)}%`,
};

/** What is wrong with a template; undefined when nothing is. */
export function checkTemplate(text: string): string | undefined {
  for (const [whole, action = ''] of text.matchAll(ACTION)) {
    const known = KNOWN.exec(action);
    if (known === null || (known[2] !== undefined && !Object.hasOwn(FILTERS, known[2]))) {
      return `${whole} is not supported; there are {{ $value }}, {{ $labels.name }} and the filters ${Object.keys(FILTERS).join(', ')}`;
    }
  }
  return undefined;
}

export function expandTemplate(text: string, labels: Readonly<Record<string, string>>, value: number): string {
  return text.replace(ACTION, (whole, action: string) => {
    const [, label, filter] = KNOWN.exec(action) ?? [];
    const plain = action.startsWith('$value') ? formatNumber(value) : (labels[label ?? ''] ?? '');
    const apply = FILTERS[filter ?? ''];
    if (filter === undefined) return plain;
    return apply === undefined ? whole : apply(label === undefined ? value : Number(plain));
  });
}

/** Four digits and a unit, as Prometheus' `humanize`. */
function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return short(value);
  const units =
    Math.abs(value) >= 1 ? ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'] : ['', 'm', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(value) >= 1 ? Math.abs(scaled) >= 1_000 && unit < 8 : Math.abs(scaled) < 1 && unit < 8) {
    scaled *= Math.abs(value) >= 1 ? 1 / 1_000 : 1_000;
    unit++;
  }
  return `${short(scaled)}${units[unit]}`;
}

/** `1d 2h 3m 4s`, whole seconds from a minute on; `1.5s`, `20ms` below. */
function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return short(seconds);
  const sign = seconds < 0 ? '-' : '';
  const rest = Math.abs(seconds);
  if (rest < 60) return rest === 0 || rest >= 1 ? `${sign}${short(rest)}s` : `${sign}${humanize(rest)}s`;
  const whole = Math.floor(rest);
  const parts = [Math.floor(whole / 86_400), Math.floor(whole / 3_600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const texts = parts.map((part, index) => `${part}${'dhms'[index]}`);
  return sign + texts.slice(parts.findIndex((part) => part > 0)).join(' ');
}

/** Go's %.4g. */
function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : formatNumber(value);
}
