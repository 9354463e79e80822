import { readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

/**
 * The page's script, from its modules: types stripped, imports and exports taken off, in an order in which each part
 * stands after what it needs. Run this file after a change to one of them; a test says when that was forgotten. It is
 * not done while a report is written, so that reports need neither a build nor an experimental part of Node.
 */
export function buildPage(): string {
  const parts = PARTS.map((part) => {
    const source = readFileSync(new URL(part, import.meta.url), 'utf8');
    const script = part.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
    return script
      .replace(/^import [\s\S]*?from '[^']+';\n/gm, '')
      .replace(/^export (?=(?:async )?(?:function|const|let|class) )/gm, '')
      .replace(/^[ \t]+$/gm, '')
      .trim();
  });
  return `${parts.join('\n\n')}\n`;
}

/** Where the built script is kept. Not named `.js`: it is not source. */
export const PAGE_BUNDLE = new URL('page.bundle.txt', import.meta.url);

/** Each after those it uses while it is loaded; functions may use each other in any order. */
const PARTS = [
  '../format.ts',
  'browser/page.js',
  'browser/view.js',
  'browser/palette.js',
  'browser/fault-bands.js',
  'browser/tip.js',
  'browser/chart.js',
  'browser/figures.js',
  'browser/tables.js',
  'browser/main.js',
];

if (import.meta.main) writeFileSync(PAGE_BUNDLE, buildPage());
