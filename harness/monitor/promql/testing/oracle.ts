import { prometheusClient } from '../../prometheus/client.ts';
import { remoteWrite } from '../../prometheus/remote-write.ts';
import { startPrometheus } from '../../prometheus/server.ts';
import { type PromqlOptions, promql } from '../promql.ts';
import type { Semantics } from '../semantics.ts';
import type { GivenSeries } from '../series-list.ts';
import type { Outcome } from './same-answer.ts';

/** A question: at one time, or over some. */
export type Question =
  | { expression: string; atMs: number }
  | { expression: string; fromMs: number; toMs: number; stepMs: number };

export interface Oracle {
  version: string;
  semantics: Semantics;
  ask(question: Question): Promise<Outcome>;
  stop(): Promise<void>;
}

/** Prometheus 2 does not know this one, and says so, and goes on. */
const FLAGS = ['--enable-feature=promql-experimental-functions'];

/** A real Prometheus that holds the series and nothing else. */
export async function startOracle(command: string, data: readonly GivenSeries[]): Promise<Oracle> {
  const server = await startPrometheus({ command, config: { global: {} }, flags: FLAGS });
  try {
    const client = prometheusClient(server.url);
    const { version, semantics } = await client.version();
    await remoteWrite(
      server.url,
      data.map(({ labels, samples }) => ({
        labels,
        samples: samples.map(({ tMs, value }) => ({ tMs, value: value === 'stale' ? undefined : value })),
      })),
    );
    return {
      version,
      semantics,
      stop: () => server.stop(),
      async ask(question) {
        try {
          if ('atMs' in question) return { answer: await client.instant(question.expression, question.atMs) };
          const { expression, fromMs, toMs, stepMs } = question;
          return { answer: { type: 'matrix', series: await client.range(expression, fromMs, toMs, stepMs) } };
        } catch (error) {
          return { error: error instanceof Error ? error.message : String(error) };
        }
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Our own answer to the same question. */
export function ourAnswer(question: Question, data: readonly GivenSeries[], options: PromqlOptions): Outcome {
  try {
    const expression = promql(question.expression, options);
    if ('atMs' in question) return { answer: expression.instant(data, question.atMs) };
    return {
      answer: { type: 'matrix', series: expression.range(data, question.fromMs, question.toMs, question.stepMs) },
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
