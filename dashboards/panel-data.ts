import type { Monitor } from '../harness/monitor/monitor.ts';
import { type Dashboard, panelsOf } from './grafana-schema.ts';
import { substituted } from './grafana-variables.ts';

/** What one expression of one panel answers on a recording. */
export interface PanelAnswer {
  board: string;
  panel: string;
  refId: string;
  expr: string;
  /** Series with a finite value somewhere. */
  series: number;
}

/** The steps that a board of five minutes, and one of two hours, asks for at the width of a third of a screen. */
export const STEP_MS = { fiveMinutes: 1_000, twoHours: 15_000 } as const;

/** What is asked, and how: as much time as there is. */
export interface Asking {
  monitor: Pick<Monitor, 'queryRange'>;
  fromMs: number;
  toMs: number;
  stepMs: number;
  scrapeMs: number;
}

/** Asks everything that a board asks, as Grafana would: with "All" for each variable, and a rate interval. */
export async function answersOf(
  board: Dashboard,
  { monitor, fromMs, toMs, stepMs, scrapeMs }: Asking,
): Promise<PanelAnswer[]> {
  const values = Object.fromEntries(
    board.templating.list.flatMap((variable) =>
      variable.type === 'query' ? [[variable.name, variable.allValue]] : [],
    ),
  );
  const answers: PanelAnswer[] = [];
  for (const { title, targets } of panelsOf(board)) {
    for (const { refId, expr, interval } of targets) {
      // Grafana: the step and a scrape, and never less than four scrapes.
      const everyMs = interval === undefined ? scrapeMs : 5_000;
      const ownStepMs = Math.max(stepMs, interval === undefined ? 0 : 5_000);
      const rateInterval = `${Math.max(ownStepMs + everyMs, 4 * everyMs)}ms`;
      const asked = substituted(expr, { rateInterval, range: '5m', values });
      const found = await monitor.queryRange(asked, fromMs, toMs, ownStepMs);
      const finite = found.filter(({ samples }) => samples.some(({ value }) => Number.isFinite(value)));
      answers.push({ board: board.title, panel: title, refId, expr, series: finite.length });
    }
  }
  return answers;
}
