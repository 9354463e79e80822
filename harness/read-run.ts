import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ReportModel } from '../reports/model.ts';
import { chartsOf } from './charts.ts';
import { EXIT, StampedeError } from './errors.ts';
import { type JournalLine, readJournal } from './journal.ts';
import { Histogram } from './load/histogram.ts';
import type { SliceKind, SlicePart } from './load/recorder.ts';
import type { Monitor } from './monitor/monitor.ts';
import { openRecording } from './monitor/read-recording.ts';
import { answerKey, readAnswers } from './prometheus-answers.ts';
import type { Plan } from './scenario/plan.ts';
import { sentenceOf, withoutRepeats } from './sentences.ts';
import { readSliceLog } from './slice-log.ts';
import type { Distribution, Endings, Evidence } from './verdict/evidence.ts';
import { judge } from './verdict/judge.ts';

/** Names of the files of a run directory. */
export const RUN_FILES = {
  plan: 'plan.json',
  journal: 'journal.ndjson',
  slices: 'histograms.bin',
  metrics: 'metrics.om',
  operations: 'operations.ndjson',
  prometheus: 'prometheus.json',
  rules: 'rules.yml',
} as const;

/** Judges a run from its directory and gathers all that a report shows. Runs nothing; the same files, the same answer. */
export async function reportOf(directory: string): Promise<ReportModel> {
  const run = await openRun(directory);
  const verdict = await judge(run.evidence);
  return {
    verdict,
    charts: await chartsOf(run.evidence, verdict),
    events: run.evidence.events.filter(withoutRepeats()).flatMap((event) => {
      const sentence = sentenceOf(event);
      return sentence === undefined ? [] : [{ tMs: event.tMs, kind: sentence.verb, text: sentence.text }];
    }),
    directory: relative(process.cwd(), directory) || directory,
    planText: JSON.stringify(run.evidence.plan, null, 2),
  };
}

/** A finished run: what a verdict is made from, and a monitor that answers for the time of the run. */
export async function openRun(
  directory: string,
): Promise<{ evidence: Evidence; monitor: Monitor; zeroEpochMs: number }> {
  const planPath = join(directory, RUN_FILES.plan);
  if (!existsSync(planPath)) {
    throw new StampedeError('run/none', `There is no run in ${directory}: it has no ${RUN_FILES.plan}.`, {
      exitCode: EXIT.usage,
      hint: 'stampede report last takes the newest run',
    });
  }
  const plan: Plan = JSON.parse(readFileSync(planPath, 'utf8'));
  const events = readJournal(join(directory, RUN_FILES.journal));
  const zeroEpochMs = events.find((event) => event.kind === 'run started')?.epochMs ?? 0;
  const slicePath = join(directory, RUN_FILES.slices);
  const slices = new SliceTable(existsSync(slicePath) ? readSliceLog(slicePath) : []);
  const metricsPath = join(directory, RUN_FILES.metrics);
  const attached = events.findLast((event) => event.kind === 'monitor attached');
  const semantics = attached === undefined ? {} : { semantics: attached.semantics };
  const monitor = existsSync(metricsPath) ? await openRecording(metricsPath, semantics) : nothingScraped;
  const answers = readAnswers(join(directory, RUN_FILES.prometheus));
  const evidence: Evidence = {
    plan,
    events,
    requestNames: slices.counted.flatMap(({ kind, name }) => (kind === 'request' ? [name] : [])),
    counted: slices.counted,
    response: (name, seconds) => slices.merged(name, seconds, 'response'),
    service: (name, seconds) => slices.merged(name, seconds, 'service'),
    lateness: latenessOf(events),
    async queryRange(expression, fromMs, toMs, stepMs) {
      // Where a real Prometheus was asked during the run, its answer is the one that counts.
      const answered = answers.get(answerKey(expression, fromMs, toMs, stepMs));
      if (answered !== undefined) return answered;
      const series = await monitor.queryRange(expression, zeroEpochMs + fromMs, zeroEpochMs + toMs, stepMs);
      return series.map(({ labels, samples }) => ({
        labels,
        samples: samples.map(({ tMs, value }) => ({ tMs: tMs - zeroEpochMs, value })),
      }));
    },
  };
  return { evidence, monitor, zeroEpochMs };
}

const nothingScraped: Monitor = {
  query: () => Promise.reject(new Error('nothing was scraped in this run')),
  queryRange: () => Promise.reject(new Error('nothing was scraped in this run')),
};

/** The slices by name and second. Decoded once each: verdict and charts ask for the same seconds again and again. */
class SliceTable {
  /** Requests first. */
  readonly counted: { kind: SliceKind; name: string }[];
  readonly #cells = new Map<string, Map<number, { parts: SlicePart[]; response?: Histogram; service?: Histogram }>>();

  constructor(parts: SlicePart[]) {
    for (const part of parts) {
      const key = `${part.kind} ${part.name}`;
      let bySecond = this.#cells.get(key);
      if (!bySecond) {
        bySecond = new Map();
        this.#cells.set(key, bySecond);
      }
      const cell = bySecond.get(part.second);
      if (cell) cell.parts.push(part);
      else bySecond.set(part.second, { parts: [part] });
    }
    const counted = new Map(parts.map(({ kind, name }) => [`${kind} ${name}`, { kind, name }]));
    this.counted = [...counted.values()].sort(
      (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.name < b.name ? -1 : 1),
    );
  }

  merged(name: string, seconds: readonly number[], which: 'response' | 'service'): Distribution & Endings {
    const kind = this.counted.find((each) => each.name === name)?.kind;
    const bySecond = this.#cells.get(`${kind} ${name}`);
    const all = new Histogram();
    const errorKinds: Record<string, number> = {};
    let errors = 0;
    for (const second of seconds) {
      const cell = bySecond?.get(second);
      if (!cell) continue;
      cell[which] ??= decode(cell.parts.map((part) => part[which]));
      all.merge(cell[which]);
      for (const { endings } of cell.parts) {
        for (const [ending, count] of Object.entries(endings)) {
          if (ending === 'ok') continue;
          errors += count;
          errorKinds[ending] = (errorKinds[ending] ?? 0) + count;
        }
      }
    }
    return Object.assign(all, { errors, errorKinds });
  }
}

const KINDS: readonly SliceKind[] = ['request', 'tagged', 'group', 'check'];

function decode(encoded: Uint8Array[]): Histogram {
  const histogram = new Histogram();
  for (const bytes of encoded) histogram.mergeEncoded(bytes);
  return histogram;
}

function latenessOf(events: readonly JournalLine[]): Distribution {
  const encoded = events.flatMap((event) =>
    event.kind === 'generator' ? [Buffer.from(event.lateness, 'base64')] : [],
  );
  return decode(encoded);
}
