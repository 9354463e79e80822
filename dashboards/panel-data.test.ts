import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recording } from '../harness/monitor/read-recording.ts';
import { askedMetrics } from './asked-metrics.ts';
import { openFixture } from './fixtures/open-fixture.ts';
import { dashboardSchema } from './grafana-schema.ts';
import { substituted } from './grafana-variables.ts';
import { type Asking, answersOf, type PanelAnswer, STEP_MS } from './panel-data.ts';

const folder = join(import.meta.dirname, 'grafana');
const boards = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => dashboardSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));

/** A run against the embedded target, and one against real parts; `fixtures/` says how they were recorded. */
const RECORDINGS = ['embedded', 'real-parts'] as const;
/** The recordings are thinned. */
const SCRAPE_MS = 2_000;

/** nginx is an edge as well, and stands in neither recording. */
const ELSEWHERE = ['nginx_up'];

const recordings = new Map<string, Recording>();
beforeAll(async () => {
  for (const name of RECORDINGS) recordings.set(name, await openFixture(`${name}.om.gz`));
});

const table: string[] = [];
// Grafana cannot be had everywhere these tests run. What it would draw is known all the same: what its queries answer.
afterAll(() => {
  const lines = ['board | panel | query | series: embedded | real parts | expression', ...table];
  process.stdout.write(
    `${lines.join('\n')}\nGrafana itself was not asked: boards are held to its schema, its linter and this data.\n`,
  );
});

function asking(recording: Recording, stepMs: number): Asking {
  const { fromMs, toMs } = recording;
  return { monitor: recording, fromMs, toMs, stepMs, scrapeMs: SCRAPE_MS };
}

async function answers(stepMs: number): Promise<{ asked: PanelAnswer; series: number[] }[]> {
  const byRecording: PanelAnswer[][] = [];
  for (const recording of recordings.values()) {
    const all: PanelAnswer[] = [];
    for (const board of boards) all.push(...(await answersOf(board, asking(recording, stepMs))));
    byRecording.push(all);
  }
  const [first = []] = byRecording;
  return first.map((asked, index) => ({ asked, series: byRecording.map((all) => all[index]?.series ?? 0) }));
}

describe('every expression of every panel', () => {
  it.each(Object.entries(STEP_MS))('answers with data at a step of %s', async (name, stepMs) => {
    const all = await answers(stepMs);
    if (name === 'fiveMinutes') {
      for (const { asked, series } of all) {
        table.push([asked.board, asked.panel, asked.refId, ...series, asked.expr].join(' | '));
      }
      table.push(`${all.length} expressions of ${boards.length} boards`);
    }
    const empty = all.filter(({ series }) => series.every((count) => count === 0));
    expect(empty.map(({ asked }) => `${asked.board}, ${asked.panel}, ${asked.refId}: ${asked.expr}`)).toEqual([]);
  });

  it.each(boards.map((board) => [board.title, board] as const))(
    'of %s can be narrowed by each of its variables',
    async (_title, board) => {
      for (const variable of board.templating.list) {
        if (variable.type !== 'query') continue;
        const [, selector = '', label = ''] = /^label_values\((.+),\s*(\w+)\)$/.exec(variable.query.query) ?? [];
        const values = { job: '.+', run: '.*' };
        const asked = substituted(selector, { rateInterval: '1m', range: '5m', values });
        const found = await Promise.all(
          [...recordings.values()].map(({ queryRange, fromMs, toMs }) =>
            queryRange(`group by (${label}) (${asked})`, fromMs, toMs, 5_000),
          ),
        );
        expect(
          found.flat().some(({ labels }) => labels[label] !== undefined),
          variable.name,
        ).toBe(true);
      }
    },
  );

  it('asks only for metrics that somebody has', () => {
    const stores = [...recordings.values()].map(({ store }) => store);
    const known = (metric: string) =>
      stores.some((store) => store.select([{ name: '__name__', op: '=', value: metric }]).length > 0);
    // What rules record is not in a recording of scrapes.
    const asked = [...askedMetrics()].filter((metric) => !metric.includes(':') && !ELSEWHERE.includes(metric));
    expect(asked.filter((metric) => !known(metric))).toEqual([]);
  });

  it('of boards that ask for what nobody has would not', async () => {
    const [board] = boards;
    const [, recording] = [...recordings][0] ?? [];
    if (board === undefined || recording === undefined) throw new Error('nothing to ask');
    const spoilt = structuredClone(board);
    for (const panel of spoilt.panels) {
      if (panel.type !== 'row') for (const target of panel.targets) target.expr = 'no_such_metric{job=~"$job"}';
    }
    const found = await answersOf(spoilt, asking(recording, 1_000));
    expect(found.every(({ series }) => series === 0)).toBe(true);
  });
});
