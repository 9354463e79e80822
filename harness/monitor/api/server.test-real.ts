import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prometheusClient } from '../prometheus/client.ts';
import { sourceOf } from '../promql/series-list.ts';
import { goldenQuestions } from '../promql/testing/golden-queries.ts';
import { startOracle } from '../promql/testing/oracle.ts';
import { Random } from '../promql/testing/random.ts';
import { DATA, randomData } from '../promql/testing/random-data.ts';
import { difference } from '../promql/testing/same-answer.ts';
import { type ApiServer, serveApi } from './server.ts';

/** Prometheus' own tool and server, which PROMTOOL and PROMETHEUS name. */
const promtool = process.env.PROMTOOL ?? '';
const prometheus = process.env.PROMETHEUS ?? '';

const data = randomData(new Random(4));
let server: ApiServer;
beforeAll(async () => {
  const store = sourceOf(data);
  server = await serveApi(
    { store, version: 'test', nowMs: () => DATA.fromMs + 300_000, options: { semantics: 'v2' } },
    0,
  );
});
afterAll(() => server.close());

/** Beside the server, which answers from this very process. */
async function tool(...args: string[]): Promise<string> {
  return (await promisify(execFile)(promtool, args)).stdout;
}

describe.skipIf(promtool === '')('promtool, pointed at a run', () => {
  const at = String(DATA.fromMs / 1_000 + 300);

  it('queries at one time', async () => {
    expect(await tool('query', 'instant', '--time', at, server.url, 'count by (job) (mem)')).toBe(
      `{job="a"} => 3 @[${at}]\n{job="b"} => 3 @[${at}]\n`,
    );
    expect(await tool('query', 'instant', '--time', at, server.url, 'scalar(count(mem))')).toBe(`scalar: 6 @[${at}]\n`);
  });

  it('queries over a range, lists series and labels', async () => {
    const range = await tool(
      'query',
      'range',
      `--start=${at}`,
      `--end=${Number(at) + 20}`,
      '--step=10s',
      server.url,
      'count(mem)',
    );
    expect(range.match(/6 @/g)).toHaveLength(3);
    const times = [`--start=${at}`, `--end=${Number(at) + 20}`];
    expect(await tool('query', 'series', '--match=mem{job="a"}', ...times, server.url)).toContain(
      '{__name__="mem", instance="0", job="a"}',
    );
    expect(await tool('query', 'labels', ...times, server.url, 'job')).toBe('a\nb\n');
  });
});

it.skipIf(prometheus === '')(
  'every golden question gets over HTTP what the real server answers',
  { timeout: 110_000 },
  async () => {
    const oracle = await startOracle(prometheus, data);
    const ours = prometheusClient(server.url);
    try {
      const wrong: string[] = [];
      for (const question of goldenQuestions('v2').slice(0, 400)) {
        const theirs = await oracle.ask(question);
        const answer =
          'atMs' in question
            ? ours.instant(question.expression, question.atMs)
            : ours
                .range(question.expression, question.fromMs, question.toMs, question.stepMs)
                .then((series) => ({ type: 'matrix' as const, series }));
        const outcome = await answer.then(
          (value) => ({ answer: value }),
          (error: unknown) => ({ error: String(error) }),
        );
        const problem = difference(outcome, theirs);
        if (problem !== undefined) wrong.push(`${question.expression}: ${problem}`);
      }
      expect(wrong).toEqual([]);
    } finally {
      await oracle.stop();
    }
  },
);
