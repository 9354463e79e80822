import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bigRun, emptyRun, failedRun, hostileRun, inconclusiveRun, passedRun } from '../fixture.ts';
import type { ReportModel } from '../model.ts';
import { renderHtml } from './render.ts';

/** Needs a Chromium, which CHROMIUM names. */
const EXECUTABLE = process.env.CHROMIUM ?? '';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let browser: Browser;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stampede-page-'));
  if (EXECUTABLE === '') return;
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
});

afterAll(async () => {
  await browser?.close();
  await rm(directory, { recursive: true, force: true });
});

interface Opened extends AsyncDisposable {
  page: Page;
  /** Every request but the page itself, every console message, error and dialog. */
  noise: string[];
}

async function open(
  model: ReportModel,
  { hash = '', width = 1280, dark = false, scripts = true } = {},
): Promise<Opened> {
  const path = join(directory, `${crypto.randomUUID()}.html`);
  await writeFile(path, renderHtml(model));
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: scripts,
  });
  const page = await context.newPage();
  const noise: string[] = [];
  const url = pathToFileURL(path).href;
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url && !request.url().startsWith('data:'))
      noise.push(`request ${request.url()}`);
  });
  page.on('console', (message) => noise.push(`console ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error ${error.message}`));
  page.on('dialog', (dialog) => {
    noise.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url + hash);
  return { page, noise, [Symbol.asyncDispose]: () => context.close() };
}

describe.skipIf(EXECUTABLE === '')('report.html in Chromium', () => {
  it.each([
    ['failed', failedRun()],
    ['passed', passedRun()],
    ['inconclusive', inconclusiveRun()],
    ['hostile', hostileRun()],
    ['empty', emptyRun()],
    ['long', bigRun(20, 12)],
  ])('asks for nothing and says nothing on the console: %s run, all of it scrolled through', async (_, model) => {
    for (const dark of [false, true]) {
      await using opened = await open(model, { dark });
      const figures = opened.page.locator('figure[data-chart]');
      for (let index = 0; index < (await figures.count()); index++) {
        await figures.nth(index).scrollIntoViewIfNeeded();
        await figures.nth(index).locator('canvas').waitFor();
      }
      expect(opened.noise).toEqual([]);
    }
  });

  it("would notice a picture from outside, and a script that is not the page's own", async () => {
    const path = join(directory, 'tampered.html');
    const tampered = '<main><img src="https://outside.invalid/x.png"><script>alert(1)</script>';
    await writeFile(path, renderHtml(passedRun()).replace('<main>', tampered));
    await using opened = await open(passedRun());
    await opened.page.goto(pathToFileURL(path).href);
    expect(opened.noise.join('\n')).toMatch(/x\.png[\s\S]*script-src/);
    expect(opened.noise.join('\n')).not.toContain('dialog');
  });

  it.each([
    [1280, failedRun()],
    [700, failedRun()],
    [700, hostileRun()],
    [390, inconclusiveRun()],
  ])('is never wider than a window of %i px', async (width, model) => {
    await using opened = await open(model, { width });
    const wide = await opened.page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBe(width);
  });

  it('zooms all charts by a click on a cell, and back with Esc', async () => {
    await using opened = await open(failedRun());
    const { page } = opened;
    await page.locator('#promises a', { hasText: '612 ms' }).click();
    await page.locator('[data-chart="0"] canvas').waitFor();
    await expect
      .poll(() => page.evaluate('location.hash'))
      .toBe('#w=fault%3Aslow-shard&t=113.1-172.9&c=latency.checkout');
    const pressed = page.locator('#zoom button[aria-pressed="true"]');
    await expect.poll(() => pressed.textContent()).toBe('fault:slow-shard');
    await expect.poll(() => page.locator('[data-chart="0"] .lane').count()).toBe(1);
    await page.keyboard.press('Escape');
    await expect.poll(() => pressed.textContent()).toBe('all');
    await expect.poll(() => page.locator('[data-chart="0"] .lane').count()).toBe(2);
    expect(opened.noise).toEqual([]);
  });

  it('zooms by dragging over a chart, and opens again where the address says', async () => {
    await using opened = await open(failedRun());
    const { page } = opened;
    await page.locator('[data-chart="0"]').scrollIntoViewIfNeeded();
    const plot = page.locator('[data-chart="0"] .u-over');
    const box = await plot.boundingBox();
    if (box === null) throw new Error('the plot has no box');
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.evaluate('location.hash')).toContain('t=');
    const [, from = '', to = ''] = /t=([\d.]+)-([\d.]+)/.exec(String(await page.evaluate('location.hash'))) ?? [];
    expect(Math.abs(Number(from) - 253 * 0.25)).toBeLessThan(2);
    expect(Math.abs(Number(to) - 253 * 0.5)).toBeLessThan(2);
    await using again = await open(failedRun(), { hash: `#t=${from}-${to}` });
    expect(await again.page.locator('#zoom button[aria-pressed="true"]').count()).toBe(0);
    expect([...opened.noise, ...again.noise]).toEqual([]);
  });

  it('shows one panel with time, faults, values and limit, and one cursor in all charts', async () => {
    await using opened = await open(failedRun());
    const { page } = opened;
    await page.locator('[data-chart="0"]').scrollIntoViewIfNeeded();
    const plot = page.locator('[data-chart="0"] .u-over');
    const box = await plot.boundingBox();
    await plot.hover({ position: { x: ((box?.width ?? 0) * 140) / 253, y: 60 } });
    const tip = page.locator('.tip');
    await tip.waitFor();
    expect(await tip.locator('b').textContent()).toMatch(/^02:(19|20|21)\.\d$/);
    expect(await tip.locator('i').textContent()).toBe('slow-shard');
    const rows = await tip.locator('tr').allTextContents();
    expect(rows[2]).toMatch(/^p99\d+ ms$/);
    expect(rows.at(-1)).toBe('limit400 ms');
    const left = (index: number): Promise<unknown> =>
      page.evaluate(`document.querySelector('[data-chart="${index}"] .u-cursor-x').style.transform`);
    await expect.poll(async () => (await left(1)) === (await left(0))).toBe(true);
    await page.mouse.move(1, 1);
    await expect.poll(() => tip.isVisible()).toBe(false);
    expect(opened.noise).toEqual([]);
  });

  it('can be read with the keyboard', async () => {
    await using opened = await open(failedRun());
    const { page } = opened;
    const plot = page.locator('[data-chart="0"] .plot');
    await plot.focus();
    await plot.locator('canvas').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('PageDown');
    await expect
      .poll(() => page.locator('#spoken').textContent())
      .toMatch(/^00:16\.0: p50 \d+ ms, p90 \d+ ms, p99 \d+ ms, p99\.9 \d+ ms$/);
  });

  it('has each chart as a table of at most 60 rows', async () => {
    await using opened = await open(failedRun());
    const figure = opened.page.locator('[data-chart="0"]');
    await figure.locator('summary').click();
    await expect.poll(() => figure.locator('tr').count()).toBe(61);
    expect(await figure.locator('tr').nth(1).textContent()).toMatch(/^00:05\.0\d+ ms/);
  });

  it('sorts requests and finds events', async () => {
    await using opened = await open(failedRun());
    const { page } = opened;
    const names = (): Promise<string[]> => page.locator('#requests tbody th').allTextContents();
    await page.locator('#requests thead button', { hasText: 'count' }).click();
    await expect.poll(names).toEqual(['browse', 'checkout', 'sign-up']);
    await page.locator('#requests thead button', { hasText: 'count' }).click();
    await expect.poll(names).toEqual(['sign-up', 'checkout', 'browse']);
    await page.locator('#find-event').fill('gateway');
    await expect.poll(() => page.locator('#events tbody tr:visible').count()).toBe(3);
  });

  it('changes its theme and keeps it in the address', async () => {
    await using opened = await open(failedRun());
    const { page } = opened;
    const background = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await background()).toBe('rgb(246, 247, 249)');
    await page.locator('#theme').selectOption('dark');
    await expect.poll(background).toBe('rgb(13, 17, 23)');
    await expect.poll(() => page.evaluate('location.hash')).toBe('#theme=dark');
    expect(opened.noise).toEqual([]);
  });

  it('prints all charts, in the light palette', async () => {
    await using opened = await open(failedRun(), { dark: true });
    const { page } = opened;
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator('figure[data-chart] canvas').count()).toBe(
      await page.locator('figure[data-chart]').count(),
    );
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.evaluate('document.documentElement.dataset.theme ?? null')).toBe(null);
    expect(opened.noise).toEqual([]);
  });

  it('tells verdict, overview and tables without scripts, and why there are no charts', async () => {
    await using opened = await open(failedRun(), { scripts: false });
    const { page } = opened;
    const text = await page.locator('main').textContent();
    expect(text).toContain('FAILED (exit 1)');
    expect(text).toContain('612 ms ✗');
    expect(text).toContain('Charts need scripts; this server blocks them. Download the file to see them.');
    expect(await page.locator('svg.overview').isVisible()).toBe(true);
    expect(await page.locator('#tools').isVisible()).toBe(false);
  });
});
