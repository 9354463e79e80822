import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { answerKey, readAnswers, writeAnswers } from './prometheus-answers.ts';

it('what a Prometheus answered is read back as it was, for the same question only', () => {
  const directory = mkdtempSync(join(tmpdir(), 'answers-'));
  try {
    const path = join(directory, 'prometheus.json');
    expect(readAnswers(path).size).toBe(0);
    const samples = [1.5, Number.NaN, Number.POSITIVE_INFINITY].map((value, i) => ({ tMs: 1_000.25 + i, value }));
    const answers = new Map([[answerKey('up', 1.5, 2.5, 1_000), [{ labels: { job: 'a' }, samples }]]]);
    writeAnswers(path, answers);
    expect(readAnswers(path)).toEqual(answers);
    expect(readAnswers(path).get(answerKey('up', 1.5, 2.5, 2_000))).toBeUndefined();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
