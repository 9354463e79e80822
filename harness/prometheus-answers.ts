import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Series } from './monitor/monitor.ts';

/*
 * prometheus.json, version 1: what a real Prometheus answered to the objectives of a run, so that the verdict can be
 * computed again when it is gone. Times are the run's clock; values are text, because JSON has no NaN.
 */
interface Answer {
  key: string;
  series: { labels: Record<string, string>; samples: [tMs: number, value: string][] }[];
}

/** One question: the same expression over the same time. */
export function answerKey(expression: string, fromMs: number, toMs: number, stepMs: number): string {
  return `${fromMs} ${toMs} ${stepMs} ${expression}`;
}

export function writeAnswers(path: string, answers: ReadonlyMap<string, Series[]>): void {
  const list: Answer[] = [...answers].map(([key, series]) => ({
    key,
    series: series.map(({ labels, samples }) => ({
      labels,
      samples: samples.map(({ tMs, value }) => [tMs, String(value)]),
    })),
  }));
  writeFileSync(path, `${JSON.stringify({ version: 1, answers: list })}\n`);
}

/** None when no real Prometheus was asked. */
export function readAnswers(path: string): Map<string, Series[]> {
  if (!existsSync(path)) return new Map();
  const { answers } = JSON.parse(readFileSync(path, 'utf8')) as { answers: Answer[] };
  return new Map(
    answers.map(({ key, series }) => [
      key,
      series.map(({ labels, samples }) => ({
        labels,
        samples: samples.map(([tMs, value]) => ({ tMs, value: Number(value) })),
      })),
    ]),
  );
}
