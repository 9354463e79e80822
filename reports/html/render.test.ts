import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bigRun, emptyRun, failedRun, hostileRun, inconclusiveRun, passedRun } from '../fixture.ts';
import type { ReportModel } from '../model.ts';
import { buildPage, PAGE_BUNDLE } from './build-page.ts';
import { pageData } from './page-data.ts';
import { renderHtml } from './render.ts';

const models: [string, ReportModel][] = [
  ['failed', failedRun()],
  ['passed', passedRun()],
  ['inconclusive', inconclusiveRun()],
  ['hostile', hostileRun()],
  ['empty', emptyRun()],
];

describe('report.html', () => {
  it.each(models)('of a %s run asks for nothing from outside', (_, model) => {
    const body = withoutScripts(renderHtml(model)).replace(/<style>[\s\S]*?<\/style>/, '');
    for (const [, url = ''] of body.matchAll(/\s(?:src|href|action|srcset|poster|data)="([^"]*)"/g)) {
      expect(url).toMatch(/^(#|data:image\/svg\+xml,)/);
    }
    expect(/<style>([\s\S]*?)<\/style>/.exec(renderHtml(model))?.[1]).not.toMatch(/@import|url\(/);
  });

  it.each(models)('of a %s run lets only what it brought itself run', (_, model) => {
    const page = renderHtml(model);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const sources = [...page.matchAll(/<(script|style)([^>]*)>([\s\S]*?)<\/\1>/g)].filter(
      ([, , attributes]) => !attributes?.includes('application/json'),
    );
    expect(sources).toHaveLength(3);
    for (const [, , , source = ''] of sources) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(source).digest('base64')}'`);
    }
    expect(withoutScripts(page)).not.toMatch(/\s(style|on[a-z]+)="/);
  });

  it('has no name in it that became markup', () => {
    const page = renderHtml(hostileRun());
    expect(page.match(/<script/g)).toHaveLength(3);
    expect(withoutScripts(page)).not.toMatch(/<img|<!--|alert\(1\)<\/script>/);
    const data = /<script type="application\/json" id="run">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
    expect(data).not.toContain('<');
    expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(pageData(hostileRun()))));
  });

  it.each(models)('of a %s run is well nested', (_, model) => {
    expect(unbalanced(withoutScripts(renderHtml(model)).replace(/<style>[\s\S]*?<\/style>/, ''))).toEqual([]);
  });

  it('puts first why an inconclusive run can not be believed', () => {
    const order = (page: string): string[] => [...page.matchAll(/<section id="(\w+)"/g)].map(([, id = '']) => id);
    expect(order(renderHtml(inconclusiveRun()))).toEqual([
      'validity',
      'overview',
      'promises',
      'faults',
      'invariants',
      'charts',
      'requests',
      'events',
      'reproduce',
    ]);
    expect(order(renderHtml(failedRun()))).toEqual([
      'overview',
      'promises',
      'faults',
      'invariants',
      'charts',
      'requests',
      'validity',
      'events',
      'reproduce',
    ]);
    expect(order(renderHtml(emptyRun()))).toEqual(['validity', 'events', 'reproduce']);
  });

  it('says in a sentence why a chart is empty', () => {
    expect(renderHtml(inconclusiveRun())).toContain(
      'No scrape of http://127.0.0.1:9464/metrics answered (47 tries, last: ECONNREFUSED).',
    );
  });

  it('links each cell to its window and to the chart that shows it', () => {
    expect(renderHtml(failedRun())).toContain('<a href="#w=fault%3Aslow-shard&amp;c=latency.checkout">612 ms</a> ✗');
  });

  it('stays under two megabytes for an hour with 20 requests and 12 faults, and with 200 requests', () => {
    expect(Buffer.byteLength(renderHtml(bigRun(20, 12)))).toBeLessThan(2_000_000);
    expect(Buffer.byteLength(renderHtml(bigRun(200, 12)))).toBeLessThan(2_000_000);
  });

  it('shows at most 2,000 events and says where the others are', () => {
    expect(renderHtml(bigRun(1, 0))).toContain('2,000 more in journal.ndjson');
  });
});

describe("the page's script", () => {
  it('is built from its sources: node reports/html/build-page.ts', () => {
    expect(readFileSync(PAGE_BUNDLE, 'utf8')).toBe(buildPage());
  });

  it('declares no name twice', () => {
    expect(() => new Script(`async () => { 'use strict'; {\n${buildPage()}\n} }`)).not.toThrow();
    expect(() => new Script(`async () => { 'use strict'; {\n${buildPage()}\nfunction clock() {}\n} }`)).toThrow();
  });

  it('has the types it says it has', async () => {
    const require = createRequire(import.meta.url);
    const tsc = new URL('bin/tsc', `file://${require.resolve('typescript/package.json')}`);
    const config = new URL('browser/tsconfig.json', import.meta.url);
    const done = await promisify(execFile)(process.execPath, [tsc.pathname, '-p', config.pathname]).catch(
      (error: unknown) => error,
    );
    expect(done).toMatchObject({ stdout: '' });
  });
});

function withoutScripts(page: string): string {
  return page.replace(/<script[^>]*>[\s\S]*?<\/script>/g, '');
}

/** Tags that are closed by another one's end, or never. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [tag, closing, name = '', rest = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (['meta', 'link', 'input', 'br'].includes(name) || rest.endsWith('/')) continue;
    if (closing === '') open.push(name);
    else if (open.pop() !== name) wrong.push(tag);
  }
  return [...wrong, ...open];
}
