import { describe, expect, it } from 'vitest';
import { bigRun, emptyRun, failedRun, hostileRun, inconclusiveRun, passedRun } from './fixture.ts';
import { githubAnnotations, renderMarkdown } from './markdown.ts';

describe('summary.md', () => {
  it('reads like this', () => {
    expect(renderMarkdown(failedRun())).toMatchSnapshot();
  });

  it.each([
    ['✗ slow-shard failed: checkout p99 was 612 ms', failedRun()],
    ['✓ slow-shard passed: 2 promises held', passedRun()],
    ['? slow-shard is inconclusive: The generator was unfit', inconclusiveRun()],
    ['? slow-shard is inconclusive: the target did not start', emptyRun()],
  ])('begins with the verdict as a sentence: %s', (start, model) => {
    expect(renderMarkdown(model).startsWith(`### ${start}`)).toBe(true);
  });

  it('stays under 64 KiB with 5,000 requests, and says what is missing', () => {
    const text = renderMarkdown(bigRun(5000, 12));
    expect(Buffer.byteLength(text)).toBeLessThan(64 * 1024);
    expect(text).toContain('and 4,950 more in the report');
    expect(text).toContain('FAILED (exit 1)');
  });

  it('leaves whole sections out when names are very long', () => {
    const model = bigRun(300, 12);
    for (const one of [...model.verdict.objectives, ...model.verdict.requests])
      one.name = `${one.name} ${'x'.repeat(5000)}`;
    for (const one of model.verdict.invariants) one.examples = Array.from({ length: 500 }, () => '注'.repeat(5000));
    const text = renderMarkdown(model);
    expect(Buffer.byteLength(text)).toBeLessThan(64 * 1024);
    for (const line of text.split('\n')) if (line.startsWith('| ')) expect(line.endsWith(' |')).toBe(true);
    expect(text.match(/<details>/g)?.length ?? 0).toBe(text.match(/<\/details>/g)?.length ?? 0);
  });

  it('has no HTML but details, no broken table and no mention, whatever the names are', () => {
    const text = renderMarkdown(hostileRun());
    const outsideCode = text.replace(/`[^`\n]*`/g, '');
    expect(outsideCode.replace(/<\/?(details|summary)>/g, '')).not.toMatch(/<[a-z!/]/i);
    expect(outsideCode).not.toMatch(/@octocat/);
    expect(text).not.toMatch(/^::error/m);
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    const columns = (line: string): number => line.split(/(?<!\\)\|/).length;
    for (const [index, row] of rows.entries()) {
      const before = rows[index - 1];
      if (before !== undefined && text.includes(`${before}\n${row}`)) expect(columns(row)).toBe(columns(before));
    }
  });
});

describe('annotations', () => {
  it('point at the line of each broken promise', () => {
    expect(githubAnnotations(failedRun().verdict)).toEqual([
      '::error file=scenarios/slow-shard.ts,line=14,title=Stampede%3A checkout p99::checkout p99 < 400 ms during fault:slow-shard: 612 ms, limit < 400 ms (n = 18,432): worst in the 10 s from 02:21.0: 780 ms',
      '::error title=Stampede%3A money-conserved::2 of 84,113 accounts wrong, 14.00 in all',
    ]);
  });

  it('are at most five, then say how many more there are', () => {
    const { verdict } = failedRun();
    const [broken] = verdict.objectives;
    if (broken === undefined) throw new Error('the fixture has no objectives');
    verdict.objectives = Array.from({ length: 7 }, (_, index) => ({ ...broken, name: `promise ${index}` }));
    const lines = githubAnnotations(verdict);
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toBe('::error title=Stampede::and 3 more in the report');
  });

  it('are one warning for an inconclusive run and none for a passed one', () => {
    expect(githubAnnotations(inconclusiveRun().verdict)).toEqual([
      expect.stringMatching(/^::warning title=Stampede::slow-shard is inconclusive: The generator was unfit/),
    ]);
    expect(githubAnnotations(passedRun().verdict)).toEqual([]);
  });

  it('are one line each with hostile names', () => {
    for (const line of githubAnnotations(hostileRun().verdict)) expect(line).toMatch(/^::(error|warning) [^\r\n]*$/);
  });
});
