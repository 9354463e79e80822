import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failedRun } from './fixture.ts';
import { writeReports } from './write.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stampede-reports-'));
  vi.stubEnv('GITHUB_STEP_SUMMARY', '');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

describe('writeReports', () => {
  it('writes the four files into a directory that it makes', async () => {
    const model = failedRun();
    const into = join(directory, 'runs', 'x');
    expect(await writeReports(model, into)).toEqual({ warnings: [] });
    expect((await readdir(into)).sort()).toEqual(['junit.xml', 'report.html', 'summary.md', 'verdict.json']);
    expect(JSON.parse(await readFile(join(into, 'verdict.json'), 'utf8'))).toEqual(model.verdict);
  });

  it('appends the summary to the one of a GitHub step', async () => {
    const path = join(directory, 'step.md');
    vi.stubEnv('GITHUB_STEP_SUMMARY', path);
    await writeReports(failedRun(), directory);
    await writeReports(failedRun(), directory);
    const summary = await readFile(join(directory, 'summary.md'), 'utf8');
    expect(await readFile(path, 'utf8')).toBe(`${summary}\n${summary}\n`);
  });

  it('leaves no half of a file behind when one cannot be written', async () => {
    await mkdir(join(directory, 'report.html'));
    await expect(writeReports(failedRun(), directory)).rejects.toThrow(/report\.html/);
    expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('only warns when that fails', async () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', join(directory, 'no', 'such', 'directory.md'));
    const { warnings } = await writeReports(failedRun(), directory);
    expect(warnings).toEqual([
      expect.stringMatching(/^The summary could not be appended to GITHUB_STEP_SUMMARY: ENOENT/),
    ]);
  });
});
