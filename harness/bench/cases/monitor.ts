import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BenchCase } from '../case.ts';
import type { Measured } from '../result.ts';

/** The monitor's own bench, when it is there: a function that measures and returns lines like ours. */
export const monitor: BenchCase = {
  name: 'monitor',
  question: 'How fast does the embedded monitor answer?',
  async run({ quick, say }) {
    const file = fileURLToPath(new URL('../monitor.ts', import.meta.url));
    if (!existsSync(file)) return [skipped('harness/bench/monitor.ts is not there')];
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    const measure = Object.values(module).find((each) => typeof each === 'function');
    if (measure === undefined) return [skipped('harness/bench/monitor.ts exports no function')];
    return linesOf(await measure({ quick, say }));
  },
};

/** Lines as they are; anything else is kept, as a note, for whoever reads the JSON. */
export function linesOf(told: unknown): Measured[] {
  const list: unknown[] = Array.isArray(told) ? told : [told];
  return list.map((each, index) =>
    isLine(each) ? each : { name: `monitor ${index + 1}`, unit: '', samples: [], note: JSON.stringify(each) },
  );
}

function isLine(value: unknown): value is Measured {
  if (typeof value !== 'object' || value === null) return false;
  const { name, unit, samples } = value as Partial<Measured>;
  return typeof name === 'string' && typeof unit === 'string' && Array.isArray(samples);
}

function skipped(why: string): Measured {
  return { name: 'monitor', unit: '', samples: [], skipped: why };
}
