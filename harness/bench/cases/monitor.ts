import type { BenchCase } from '../case.ts';
import { benchMonitor, type Figure } from '../monitor.ts';
import type { Measured } from '../result.ts';

/** The embedded monitor's own bars: queries, parsing, scraping, memory. */
export const monitor: BenchCase = {
  name: 'monitor',
  question: 'How fast does the embedded monitor answer?',
  async run() {
    const figures = await benchMonitor({ prometheus: process.env.PROMETHEUS });
    return figures.map(lineOf);
  },
};

export function lineOf({ name, value, unit, bar, note }: Figure): Measured {
  return {
    name,
    unit,
    samples: value === null ? [] : [value],
    ...(value === null ? { skipped: note ?? 'not measured' } : {}),
    ...(bar === undefined ? {} : { bar: { of: 'value', op: '<=', limit: bar } }),
    ...(note === undefined ? {} : { note }),
  };
}
