import { EXIT, messageOf, StampedeError } from '../../errors.ts';
import type { Series } from '../monitor.ts';
import { parseNumber } from '../number-text.ts';
import type { InstantAnswer } from '../promql/promql.ts';
import type { Semantics } from '../promql/semantics.ts';
import { withSlash } from './remote-write.ts';

/** Asks a Prometheus by its HTTP API. */
export interface PrometheusClient {
  instant(expression: string, atMs: number): Promise<InstantAnswer>;
  range(expression: string, fromMs: number, toMs: number, stepMs: number): Promise<Series[]>;
  /** Its version, as `2.42.0`, and the semantics that go with it. */
  version(): Promise<{ version: string; semantics: Semantics }>;
}

export function prometheusClient(serverUrl: string, { timeoutMs = 30_000 } = {}): PrometheusClient {
  const get = async (path: string, parameters: Record<string, string>): Promise<unknown> => {
    const response = await fetch(new URL(`api/v1/${path}`, withSlash(serverUrl)), {
      signal: AbortSignal.timeout(timeoutMs),
      ...(Object.keys(parameters).length > 0 ? { method: 'POST', body: new URLSearchParams(parameters) } : {}),
    }).catch((error: unknown) => {
      throw new StampedeError('monitor/prometheus', `${serverUrl} does not answer: ${reasonOf(error)}`, {
        exitCode: EXIT.environment,
        cause: error,
      });
    });
    const text = await response.text();
    const answer = parseJson(text);
    if (answer?.status === 'success') return answer.data;
    throw new StampedeError(
      'monitor/prometheus',
      `${serverUrl} answered ${response.status}: ${answer?.error ?? text.slice(0, 200)}`,
      {
        exitCode: answer?.errorType === 'bad_data' || answer?.errorType === 'execution' ? EXIT.usage : EXIT.environment,
      },
    );
  };
  return {
    async instant(expression, atMs) {
      return instantOf((await get('query', { query: expression, time: seconds(atMs) })) as ApiResult);
    },
    async range(expression, fromMs, toMs, stepMs) {
      const parameters = { query: expression, start: seconds(fromMs), end: seconds(toMs), step: seconds(stepMs) };
      const { result } = (await get('query_range', parameters)) as Extract<ApiResult, { resultType: 'matrix' }>;
      return result.map(seriesOf);
    },
    async version() {
      const { version } = (await get('status/buildinfo', {})) as { version: string };
      return {
        version: version === '' ? 'of unknown version' : version,
        semantics: Number.parseInt(version, 10) < 3 ? 'v2' : 'v3',
      };
    },
  };
}

type Point = [seconds: number, value: string];
type ApiResult =
  | { resultType: 'scalar' | 'string'; result: Point }
  | { resultType: 'vector'; result: { metric: Record<string, string>; value: Point }[] }
  | { resultType: 'matrix'; result: { metric: Record<string, string>; values: Point[] }[] };

function instantOf(answer: ApiResult): InstantAnswer {
  switch (answer.resultType) {
    case 'scalar':
      return { type: 'scalar', value: numberOf(answer.result[1]) };
    case 'string':
      return { type: 'string', value: answer.result[1] };
    case 'vector':
      return {
        type: 'vector',
        series: answer.result.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) })),
      };
    case 'matrix':
      return { type: 'matrix', series: answer.result.map(seriesOf) };
    default:
      return answer satisfies never;
  }
}

function seriesOf({ metric, values }: { metric: Record<string, string>; values?: Point[] }): Series {
  const samples = (values ?? []).map(([at, value]) => ({ tMs: Math.round(at * 1000), value: numberOf(value) }));
  return { labels: metric, samples };
}

/** fetch hides the cause behind "fetch failed". */
export function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

function numberOf(text: string): number {
  return parseNumber(text) ?? Number.NaN;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}

function parseJson(text: string): { status?: string; data?: unknown; error?: string; errorType?: string } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
