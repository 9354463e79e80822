import { PromqlError } from '../promql/error.ts';
import { format } from '../promql/format.ts';
import { parse } from '../promql/parser.ts';
import { promql } from '../promql/promql.ts';
import type { SeriesStore, StoredSeries } from '../store.ts';
import { instantAnswers, monitorOf, type QueryOptions } from '../store-monitor.ts';
import { instantData, matrixData } from './answers.ts';
import { ApiError, type Parameters } from './parameters.ts';

/** What is served. */
export interface Served {
  store: SeriesStore;
  options?: QueryOptions;
  /** Epoch milliseconds that count as now: where a query without a time looks. */
  nowMs: () => number;
  /** Ours, for `buildinfo`. */
  version: string;
  /** As Prometheus' `/api/v1/rules` has them. */
  ruleGroups?: () => unknown[];
  /** As Prometheus' `/api/v1/alerts` has them. */
  alerts?: () => unknown[];
}

export type Route = (parameters: Parameters, path: { name: string }) => unknown;

/** Points a series, as many as Prometheus gives at most. */
const MAX_POINTS = 11_000;

/** The read-only part of Prometheus' HTTP API, each with its path below /api/v1. */
export function apiRoutes(served: Served): Record<string, Route> {
  const { store, options = {}, nowMs } = served;
  const instant = instantAnswers(store, options);
  const monitor = monitorOf(store, options);
  const found = (parameters: Parameters) => seriesOf(store, parameters);
  return {
    '/query': (parameters) => {
      const atMs = parameters.timeMs('time', nowMs());
      return instantData(instant(parameters.text('query'), atMs), atMs);
    },
    '/query_range': async (parameters) => {
      const query = parameters.text('query');
      const fromMs = parameters.timeMs('start');
      const toMs = parameters.timeMs('end');
      const stepMs = parameters.durationMs('step');
      if (toMs < fromMs)
        throw new ApiError('bad_data', 'invalid parameter "end": end timestamp must not be before start time');
      if ((toMs - fromMs) / stepMs > MAX_POINTS) {
        throw new ApiError(
          'bad_data',
          `exceeded maximum resolution of ${MAX_POINTS.toLocaleString('en-US')} points per timeseries. Try decreasing the query resolution (?step=XX)`,
        );
      }
      return matrixData(await monitor.queryRange(query, fromMs, toMs, stepMs));
    },
    '/format_query': (parameters) => promql(parameters.text('query'), options).text,
    '/series': (parameters) => {
      if (parameters.all('match[]').length === 0) throw new ApiError('bad_data', 'no match[] parameter provided');
      return found(parameters)
        .slice(0, parameters.limit())
        .map(({ labels }) => labels.toRecord());
    },
    '/labels': (parameters) => {
      const names = new Set(found(parameters).flatMap(({ labels }) => labels.names));
      return [...names].sort().slice(0, parameters.limit());
    },
    '/label/:name/values': (parameters, { name }) => {
      const values = new Set(found(parameters).map(({ labels }) => labels.get(name)));
      values.delete('');
      return [...values].sort().slice(0, parameters.limit());
    },
    '/metadata': (parameters) => {
      const [wanted] = parameters.all('metric');
      const all = [...store.metadata].filter(([name]) => wanted === undefined || wanted === '' || wanted === name);
      return Object.fromEntries(all.slice(0, parameters.limit()).map(([name, of]) => [name, [of]]));
    },
    '/rules': () => ({ groups: served.ruleGroups?.() ?? [] }),
    '/alerts': () => ({ alerts: served.alerts?.() ?? [] }),
    '/query_exemplars': () => [],
    '/status/buildinfo': () => ({
      application: 'Stampede',
      // Clients choose by it what they ask; the semantics are those of this line of Prometheus.
      version: options.semantics === 'v2' ? '2.42.0' : '3.0.0',
      revision: `stampede-${served.version}`,
      branch: 'stampede',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
  };
}

/** Series that one of the selectors takes, or all, as far as they have samples in the time asked for. */
function seriesOf(store: SeriesStore, parameters: Parameters): StoredSeries[] {
  const fromMs = parameters.timeMs('start', Number.NEGATIVE_INFINITY);
  const toMs = parameters.timeMs('end', Number.POSITIVE_INFINITY);
  const selectors = parameters.all('match[]').map((text) => {
    const tree = parse(text);
    if (tree.kind !== 'selector') throw new PromqlError(text, 0, `expected a selector, got ${format(tree)}`);
    return tree.matchers;
  });
  const all = selectors.length === 0 ? [[]] : selectors;
  const found = new Set(all.flatMap((matchers) => [...store.select(matchers)]));
  return [...found].filter((series) => series.length > 0 && series.firstMs <= toMs && series.lastMs >= fromMs);
}
