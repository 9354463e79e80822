import type { Sample, Series } from '../monitor.ts';
import { formatNumber } from '../number-text.ts';
import type { InstantAnswer } from '../promql/promql.ts';

/** The `data` of an instant query, as Prometheus writes it: times in seconds, values as text. */
export function instantData(answer: InstantAnswer, atMs: number): unknown {
  switch (answer.type) {
    case 'scalar':
      return { resultType: 'scalar', result: point({ tMs: atMs, value: answer.value }) };
    case 'string':
      return { resultType: 'string', result: [atMs / 1000, answer.value] };
    case 'vector':
      return {
        resultType: 'vector',
        result: answer.series.map(({ labels, value }) => ({ metric: labels, value: point({ tMs: atMs, value }) })),
      };
    case 'matrix':
      return matrixData(answer.series);
    default:
      return answer satisfies never;
  }
}

/** The series of a matrix are sorted by their labels. */
export function matrixData(series: readonly Series[]): unknown {
  const result = series.map(({ labels, samples }) => ({ metric: labels, values: samples.map(point) }));
  const keys = new Map(result.map((one) => [one, JSON.stringify(Object.entries(one.metric).sort())]));
  result.sort((a, b) => ((keys.get(a) ?? '') < (keys.get(b) ?? '') ? -1 : 1));
  return { resultType: 'matrix', result };
}

function point({ tMs, value }: Sample): [seconds: number, value: string] {
  return [tMs / 1000, formatNumber(value)];
}
