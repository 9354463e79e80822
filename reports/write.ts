import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderHtml } from './html/render.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { ReportModel } from './model.ts';

/**
 * Writes verdict.json, report.html, junit.xml and summary.md into a directory, which is made when it is not there. In a
 * GitHub job the summary is appended to the step's too; when that fails it is a warning, because the run has its verdict.
 * Each file is whole or not there. Throws what the file system throws for the four files.
 */
export async function writeReports(model: ReportModel, directory: string): Promise<{ warnings: string[] }> {
  const summary = renderMarkdown(model);
  await mkdir(directory, { recursive: true });
  await Promise.all([
    writeWhole(join(directory, 'verdict.json'), `${JSON.stringify(model.verdict, null, 2)}\n`),
    writeWhole(join(directory, 'report.html'), renderHtml(model)),
    writeWhole(join(directory, 'junit.xml'), renderJunit(model.verdict)),
    writeWhole(join(directory, 'summary.md'), summary),
  ]);
  return { warnings: await appendStepSummary(summary, process.env.GITHUB_STEP_SUMMARY ?? '') };
}

/** A full disk must not leave half a file, which a later step would read as the whole. */
async function writeWhole(path: string, content: string): Promise<void> {
  const part = `${path}.part`;
  try {
    await writeFile(part, content);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function appendStepSummary(summary: string, path: string): Promise<string[]> {
  if (path === '') return [];
  try {
    await appendFile(path, `${summary}\n`);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [`The summary could not be appended to GITHUB_STEP_SUMMARY: ${why}`];
  }
}
