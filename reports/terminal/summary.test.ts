import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { emptyRun, failedRun, hostileRun, inconclusiveRun, passedRun } from '../fixture.ts';
import type { ReportModel } from '../model.ts';
import { terminalSummary } from './summary.ts';

const summary = (model: ReportModel, columns: number, unicode = true): string =>
  terminalSummary(model, { columns, unicode, colour: false, detail: 'full' });

describe('the final summary', () => {
  it('goes from the promises to the verdict, which is last', () => {
    expect(summary(failedRun(), 80)).toBe(`slow-shard · Do checkouts in other regions notice when one shard crawls?
20261123-173650 · 4 min 13 s · 100,000 users · 4 agents · seed 42

PROMISES            limit     steady  worst fault  worst recov.   whole
✗ checkout p99      < 400 ms  131 ms     612 ms ✗        210 ms  388 ms
  worst: fault:slow-shard · recovery:slow-shard
✓ others unharmed   < 0.1 %        –       0.04 %             –       –
  worst: fault:gateway-down
? search errors     < 1 %        0 %    no data ?           0 %  0.12 %
  worst: fault:slow-shard · recovery:slow-shard

FAULTS          injected   proven   detected   undone  recovered
✓ slow-shard     02:00.0   +3.1 s     +7.4 s  02:45.1    +11.2 s
  orders->shard-eu-0, 800 ms, jitter 200 ms · residue 0 · budget spent 31 %
✓ gateway-down   03:10.0  +380 ms  unnoticed  03:25.2     +4.7 s
  gateway-1, SIGKILL, restarted after 15 s · residue 0 · budget spent 4 %

INVARIANTS
✓ orders-exactly-once   84,113 orders acknowledged, 0 lost, 0 stored twice
✗ money-conserved       2 of 84,113 accounts wrong, 14.00 in all
                        e.g. account 91842: ledger 120.00, balance 106.00
                        e.g. account 10377: ledger 80.00, balance 80.00, missing
                        entry

GENERATOR  fit
  19,414/s of 19,420/s · drops 0 · lateness p99 1.2 ms · loop lag p99 6 ms
  CPU 61 % · agents 4 of 4 · scrape gaps 0

REQUESTS      count      rate    p50     p99   p99.9  errors
checkout     98,411     410/s  38 ms  388 ms  1.21 s  0.31 %
browse    4,512,930  18,804/s  12 ms   40 ms  125 ms     0 %
sign-up      48,000     200/s  21 ms   75 ms  234 ms     0 %
5xx 301 · timeout 4 · first: POST /v1/orders 503 at 02:01.3

  report   reports/runs/20261123-173650/report.html
  ask      stampede query 20261123-173650 up
  again    stampede run scenarios/slow-shard.ts --seed 42

FAILED (exit 1)
  checkout p99 was 612 ms during fault:slow-shard, limit < 400 ms (n = 18,432)
  money-conserved: 2 accounts wrong
  inconclusive: search errors, no samples during fault:slow-shard
`);
  });

  it.each([
    ['failed', failedRun()],
    ['passed', passedRun()],
    ['inconclusive', inconclusiveRun()],
    ['empty', emptyRun()],
  ])('of a run that %s looks like this at four widths', (_, model) => {
    for (const columns of [60, 80, 120, 200]) expect(`\n${summary(model, columns)}`).toMatchSnapshot();
    expect(`\n${summary(model, 80, false)}`).toMatchSnapshot();
  });

  it('has a column for each fault where there is room', () => {
    const wide = summary(failedRun(), 120);
    expect(wide).toContain('fault:slow-shard  fault:gateway-down');
    expect(wide).not.toContain('worst fault');
  });

  it('says what a pass means', () => {
    expect(summary(passedRun(), 200).trimEnd().split('\n').at(-1)).toBe(
      'PASSED: 2 promises held in 6 windows, 2 invariants held, 2 faults proven and healed, generator fit',
    );
  });

  it('names five causes and counts the others', () => {
    const model = failedRun();
    model.verdict.causes = Array.from({ length: 8 }, (_, index) => `cause ${index}`);
    expect(summary(model, 80)).toContain('  cause 4\n  and 3 more in the report\n');
  });

  it('shows a value that was not measured as no data, never as 0', () => {
    const model = failedRun();
    for (const request of model.verdict.requests)
      Object.assign(request, { count: 0, perSec: 0, p50Ms: null, p99Ms: null, p999Ms: null });
    const row = summary(model, 80)
      .split('\n')
      .find((line) => line.startsWith('browse'));
    expect(row?.trim().split(/\s+/)).toEqual(['browse', '0', '0/s', '–', '–', '–', '–']);
  });

  it('is the context and the verdict when it is short', () => {
    const text = terminalSummary(failedRun(), { columns: 80, unicode: true, colour: false, detail: 'short' });
    expect(text.split('\n\n').map((block) => block.split('\n')[0])).toEqual([
      'slow-shard · Do checkouts in other regions notice when one shard crawls?',
      'FAILED (exit 1)',
    ]);
  });

  it('never leaves GENERATOR out', () => {
    expect(summary(emptyRun(), 80)).toContain('GENERATOR  never ran');
    expect(summary(emptyRun(), 80)).not.toContain('PROMISES');
  });

  it('has the same text with colour', () => {
    const options = { columns: 100, unicode: true, detail: 'full' } as const;
    const coloured = terminalSummary(failedRun(), { ...options, colour: true });
    expect(coloured).toContain('\u001b[');
    expect(stripVTControlCharacters(coloured)).toBe(terminalSummary(failedRun(), { ...options, colour: false }));
  });

  it('is plain ASCII where there is nothing else, and one line stays one line', () => {
    const text = summary(hostileRun(), 80, false);
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).not.toMatch(/^::error/m);
  });

  it('is never wider than the terminal, at any width, with any name', () => {
    const models = [failedRun, passedRun, inconclusiveRun, hostileRun, emptyRun];
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 220 }),
        fc.constantFrom(...models),
        fc.boolean(),
        fc.string({ unit: 'grapheme', maxLength: 90 }),
        (columns, make, unicode, name) => {
          const model = make();
          for (const one of [...model.verdict.objectives, ...model.verdict.requests, ...model.verdict.faults])
            one.name = name;
          for (const line of summary(model, columns, unicode).split('\n'))
            expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        },
      ),
      { numRuns: 100 },
    );
  });
});
