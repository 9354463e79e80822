import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../places.ts';
import { type BenchResult, type Measured, resultOf } from './result.ts';
import { lineOf, merged, tableOf, withTable } from './table.ts';

const MACHINE = { cores: 2, cpu: 'test', memoryGib: 8, system: 'Linux', loadBefore: 0 };
const line = (name: string, more: Partial<Measured> = {}, of = 'cpu') =>
  resultOf(of, { name, unit: 'ms', samples: [1, 2, 3], ...more }, MACHINE, '2026-11-25T03:00:00.000Z');

describe('the table', () => {
  it('says what was met, and in plain words what fell short', () => {
    const bar = { of: 'value', op: '<=', limit: 1 } as const;
    const table = tableOf([line('fast', { bar: { ...bar, limit: 5 } }), line('slow', { bar })]);
    expect(table).toContain('| fast | 2 ms | 100 % of 3 |  | <= 5 ms | met |  |');
    expect(table).toContain('| slow | 2 ms | 100 % of 3 |  | <= 1 ms | **not met** |  |');
    expect(table).toContain('What fell short:\n\n- slow is 2 ms; the bar is <= 1 ms.');
  });

  it('names what was skipped, and why', () => {
    const skipped = line('peer', { samples: [], skipped: 'it is not there' });
    expect(lineOf(skipped)).toBe('  peer: skipped: it is not there');
  });

  it('takes the place of the one before it', () => {
    const page = 'Head\n<!-- bench: written by npm run bench -- --docs -->\nold\n<!-- /bench -->\nFoot\n';
    const now = withTable(page, [line('fast')]);
    expect(now).not.toContain('old');
    expect(now).toMatch(/^Head\n.*\| fast \|.*<!-- \/bench -->\nFoot\n$/s);
    expect(withTable(now, [line('fast')])).toBe(now);
    expect(() => withTable('no markers', [])).toThrow('expected a page with the lines');
  });

  it('keeps the lines of cases that were not measured anew', () => {
    const before = [line('a'), line('b', {}, 'rate')];
    expect(merged(before, [line('c')]).map((result) => result.name)).toEqual(['b', 'c']);
  });

  it('of docs/performance.md is that of docs/performance.json', () => {
    const read = (name: string) => readFileSync(join(packageRoot, 'docs', name), 'utf8');
    const { results } = JSON.parse(read('performance.json')) as { results: BenchResult[] };
    const page = read('performance.md');
    expect(withTable(page, results), 'do: npm run bench -- --docs').toBe(page);
  });
});
