import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { jsonForScript } from '../escape.ts';
import type { ReportModel } from '../model.ts';
import { SIGN } from '../sentences.ts';
import { PAGE_BUNDLE } from './build-page.ts';
import { Markup, markup } from './markup.ts';
import { pageData } from './page-data.ts';
import { sections } from './sections.ts';

/**
 * report.html: one file that asks for nothing. Text, tables and the overview are in the HTML; the script adds charts,
 * zoom and sorting. Only the scripts and the style sheet whose hashes stand in its policy run, and data is never part of
 * a script that does.
 */
export function renderHtml(model: ReportModel): string {
  const { charts, sheet, page } = assets();
  const { run, outcome } = model.verdict;
  const policy = [
    "default-src 'none'",
    `script-src ${hash(charts)} ${hash(page)}`,
    `style-src ${hash(sheet)}`,
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts = sections(model).filter((part) => part !== null);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${SIGN[outcome]} ${run.scenario} ${run.startedAt.slice(0, 10)}</title>
<link rel="icon" href="${favicon(outcome)}">
<style>${new Markup(sheet)}</style>
</head>
<body>
<main>
${parts.map((part) => markup`${part}\n`)}</main>
<script type="application/json" id="run">${new Markup(jsonForScript(pageData(model)))}</script>
<script>${new Markup(charts)}</script>
<script type="module">${new Markup(page)}</script>
</body>
</html>
`.text;
}

interface Assets {
  charts: string;
  sheet: string;
  page: string;
}

let read: Assets | undefined;

/** Read once. uPlot comes from the package as it was published, with the notice its licence asks for. */
function assets(): Assets {
  read ??= readAssets();
  return read;
}

function readAssets(): Assets {
  const require = createRequire(import.meta.url);
  const text = (path: string | URL): string => readFileSync(path, 'utf8');
  const licence = `/*! ${text(require.resolve('uplot/LICENSE')).trim()} */\n`;
  return {
    charts: licence + text(require.resolve('uplot/dist/uPlot.iife.min.js')),
    sheet: text(require.resolve('uplot/dist/uPlot.min.css')) + text(new URL('page.css', import.meta.url)),
    page: text(PAGE_BUNDLE),
  };
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function favicon(outcome: ReportModel['verdict']['outcome']): string {
  const fill = { passed: '#0675A5', failed: '#7C2521', inconclusive: '#86660A' }[outcome];
  const sign = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${fill}"/><text x="16" y="23" font-size="21" font-family="sans-serif" font-weight="bold" text-anchor="middle" fill="#fff">${SIGN[outcome]}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(sign)}`;
}
