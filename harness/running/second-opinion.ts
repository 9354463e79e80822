import { join } from 'node:path';
import type { Journal, MonitorSays } from '../journal.ts';
import type { Monitor, Series } from '../monitor/monitor.ts';
import { answerKey, writeAnswers } from '../prometheus-answers.ts';
import { openRun, RUN_FILES } from '../read-run.ts';
import type { Evidence } from '../verdict/evidence.ts';
import { judge } from '../verdict/judge.ts';
import type { Verdict } from '../verdict/verdict.ts';

/**
 * Judges the run twice, by what a real Prometheus says and by what the embedded monitor does, tells both side by side,
 * and keeps the answers of Prometheus: they are the ones that the reports are made from.
 */
export async function askPrometheus(directory: string, prometheus: Monitor, journal: Journal): Promise<void> {
  const { evidence, zeroEpochMs } = await openRun(directory);
  const answers = new Map<string, Series[]>();
  const theirs: Evidence = {
    ...evidence,
    async queryRange(expression, fromMs, toMs, stepMs) {
      // A Prometheus knows whole milliseconds only.
      const shiftMs = Math.round(zeroEpochMs + fromMs) - fromMs;
      const found = await prometheus.queryRange(expression, fromMs + shiftMs, Math.round(toMs + shiftMs), stepMs);
      const series = found.map(({ labels, samples }) => ({
        labels,
        samples: samples.map(({ tMs, value }) => ({ tMs: tMs - shiftMs, value })),
      }));
      answers.set(answerKey(expression, fromMs, toMs, stepMs), series);
      return series;
    },
  };
  const [byPrometheus, byEmbedded] = [await judge(theirs), await judge(evidence)];
  writeAnswers(join(directory, RUN_FILES.prometheus), answers);
  for (const { name, source, cells } of byPrometheus.objectives) {
    if (source !== 'promql') continue;
    for (const { window, outcome, value } of cells) {
      const embedded = cellOf(byEmbedded, name, window);
      journal.write({ kind: 'monitors compared', objective: name, window, prometheus: { outcome, value }, embedded });
    }
  }
}

function cellOf({ objectives }: Verdict, name: string, window: string): MonitorSays {
  const cells = objectives.find((objective) => objective.name === name)?.cells;
  const cell = cells?.find((candidate) => candidate.window === window);
  return cell === undefined ? { outcome: 'inconclusive', value: null } : { outcome: cell.outcome, value: cell.value };
}
