import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeriesStore } from '../store.ts';
import { type ApiServer, serveApi } from './server.ts';

const store = new SeriesStore();
for (const job of ['a', 'b']) {
  const series = store.series({ __name__: 'up', job });
  for (let second = 0; second < 60; second++) store.append(series, second * 1_000, job === 'a' ? 1 : second / 0);
}
store.describe('up', 'help', 'Whether the target answered.');
store.describe('up', 'type', 'gauge');

let server: ApiServer;
beforeAll(async () => {
  server = await serveApi({ store, version: '1.2.3', nowMs: () => 59_000 }, 0);
});
afterAll(() => server.close());

async function get(
  path: string,
): Promise<{ status: number; body: { status: string; data?: unknown; error?: string } }> {
  const response = await fetch(`${server.url}/api/v1/${path}`);
  return { status: response.status, body: (await response.json()) as { status: string } };
}

const data = async (path: string) => (await get(path)).body.data;

describe('the API answers as Prometheus does', () => {
  it.each([
    [
      'query?query=up{job="a"}&time=30.5',
      { resultType: 'vector', result: [{ metric: { __name__: 'up', job: 'a' }, value: [30.5, '1'] }] },
    ],
    ['query?query=max(up)', { resultType: 'vector', result: [{ metric: {}, value: [59, '+Inf'] }] }],
    ['query?query=1%2B1&time=1970-01-01T00:00:10Z', { resultType: 'scalar', result: [10, '2'] }],
    ['query?query="x"&time=1', { resultType: 'string', result: [1, 'x'] }],
    [
      'query?query=up{job="a"}[2s]&time=9',
      {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'up', job: 'a' },
            values: [
              [8, '1'],
              [9, '1'],
            ],
          },
        ],
      },
    ],
    [
      'query_range?query=count(up)&start=0&end=2&step=1',
      {
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [0, '2'],
              [1, '2'],
              [2, '2'],
            ],
          },
        ],
      },
    ],
    [
      'query_range?query=count(up)&start=0&end=59&step=1m',
      { resultType: 'matrix', result: [{ metric: {}, values: [[0, '2']] }] },
    ],
    ['format_query?query=sum(up)by(job)', 'sum by (job) (up)'],
    ['series?match[]=up{job=~"b.*"}', [{ __name__: 'up', job: 'b' }]],
    ['series?match[]=up&start=60', []],
    ['labels', ['__name__', 'job']],
    ['label/job/values', ['a', 'b']],
    ['label/job/values?match[]=up{job="b"}', ['b']],
    ['label/job/values?limit=1', ['a']],
    ['metadata', { up: [{ type: 'gauge', help: 'Whether the target answered.', unit: '' }] }],
    ['metadata?metric=nope', {}],
    ['rules', { groups: [] }],
    ['alerts', { alerts: [] }],
  ])('%s', async (path, expected) => {
    const { status, body } = await get(path);
    expect({ status, body }).toEqual({ status: 200, body: { status: 'success', data: expected } });
  });

  it('to a form that is posted', async () => {
    const response = await fetch(`${server.url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: 'sum(up{job="a"})', time: '5' }),
    });
    expect(await response.json()).toMatchObject({ data: { result: [{ value: [5, '1'] }] } });
  });

  it('with a version of Prometheus that has its semantics', async () => {
    expect(await data('status/buildinfo')).toMatchObject({ version: '3.0.0', revision: 'stampede-1.2.3' });
    expect((await fetch(`${server.url}/-/ready`)).status).toBe(200);
  });
});

describe('what is wrong is told as Prometheus tells it', () => {
  it.each([
    ['query?query=sum(', 400, 'bad_data', '1:5: unexpected end in aggregation, expected an expression'],
    ['query', 400, 'bad_data', 'invalid parameter "query": it is missing'],
    ['query?query=up&time=soon', 400, 'bad_data', 'invalid parameter "time": cannot parse "soon" to a valid timestamp'],
    [
      'query?query=label_replace(up,"job","x","","")',
      422,
      'execution',
      '1:1: the result has two series with the same labels up{job="x"}',
    ],
    [
      'query_range?query=up&start=5&end=1&step=1',
      400,
      'bad_data',
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      'query_range?query=up&start=0&end=1&step=0',
      400,
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted',
    ],
    [
      'query_range?query=up&start=0&end=100000&step=1',
      400,
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries',
    ],
    [
      'query_range?query=up[1m]&start=0&end=1&step=1',
      400,
      'bad_data',
      '1:1: a query over a range of time needs a scalar or an instant vector, got a range',
    ],
    ['series', 400, 'bad_data', 'no match[] parameter provided'],
    ['series?match[]=1', 400, 'bad_data', '1:1: expected a selector, got 1'],
    ['admin/tsdb/snapshot', 404, 'not_found', 'no such page: /api/v1/admin/tsdb/snapshot'],
  ])('%s', async (path, status, errorType, error) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ status, body: { status: 'error', errorType } });
    expect(answer.body.error).toContain(error);
  });
});

it('a port that is taken is told with what to do', async () => {
  const port = Number(new URL(server.url).port);
  await expect(serveApi({ store, version: '1', nowMs: () => 0 }, port)).rejects.toMatchObject({
    message: expect.stringContaining(`Cannot serve on 127.0.0.1:${port}`),
    exitCode: 4,
    hint: 'give another --port, or 0 for any that is free',
  });
});
