import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seriesText, startRecording } from './recording.ts';

/** Prometheus' own tool, which PROMTOOL names. */
const promtool = process.env.PROMTOOL ?? '';

describe.skipIf(promtool === '')('a recording', () => {
  it('is taken by promtool as it is, and becomes blocks of a Prometheus', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'recording-'));
    try {
      const path = join(directory, 'metrics.om');
      const recording = startRecording(path);
      const series = seriesText({ __name__: 'requests_total', job: 'edge' });
      for (let second = 0; second < 60; second++) {
        recording.add(series, 1_700_000_000_000 + second * 1_000, second * 7);
      }
      await recording.close();
      const output = execFileSync(
        promtool,
        ['tsdb', 'create-blocks-from', 'openmetrics', path, join(directory, 'data')],
        {
          encoding: 'utf8',
        },
      );
      expect(output).toContain('60');
      expect(existsSync(join(directory, 'data')) && readdirSync(join(directory, 'data')).length).toBeGreaterThan(0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
