import { expect, it } from 'vitest';
import { publishTargets } from './discovery.ts';

const target = { job: 'agent', url: 'http://127.0.0.1:9100/metrics', labels: { agent: '0' } };

it('targets are published as Prometheus discovers them, each with its job, its path and its labels', async () => {
  const published = await publishTargets([target], 0);
  try {
    const response = await fetch(published.url);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual([
      {
        targets: ['127.0.0.1:9100'],
        labels: { agent: '0', job: 'agent', __scheme__: 'http', __metrics_path__: '/metrics' },
      },
    ]);
    const port = Number(new URL(published.url).port);
    await expect(publishTargets([target], port)).rejects.toThrow(`Cannot publish targets on 127.0.0.1:${port}`);
  } finally {
    published.close();
  }
});
