import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULT_STATES } from '../harness/running/run-metrics.ts';
import { FAULT_STATE_WORDS } from './board-parts.ts';
import { allBoards } from './boards/all-boards.ts';
import { TONES } from './colours.ts';
import { generated } from './generated.ts';
import { type Dashboard, dashboardSchema, panelsOf } from './grafana-schema.ts';
import { lint, lintRules } from './lint/lint.ts';

const folder = join(import.meta.dirname, 'grafana');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (file: string): Dashboard =>
  dashboardSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')), { reportInput: true });

describe('the files that are generated', () => {
  it.each([...generated()])('are fresh: %s (else: npm run build:dashboards)', (path, text) => {
    expect(readFileSync(join(import.meta.dirname, path), 'utf8')).toBe(text);
  });

  it('are all the boards there are', () => {
    expect(files.sort()).toEqual(allBoards.map(({ name }) => `stampede-${name}.json`).sort());
  });
});

// Grafana itself is not asked: what can be known without it is checked here and in panel-data.test.ts.
describe.each(files)('%s', (file) => {
  const board = read(file);

  it("follows Grafana's dashboard-linter", () => {
    expect(lint(board)).toEqual([]);
  });

  it('names each query and each panel once', () => {
    for (const { title, targets } of panelsOf(board)) {
      const legends = targets.map(({ legendFormat }) => legendFormat);
      expect(new Set(legends).size, title).toBe(legends.length);
    }
    const ids = board.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const titles = panelsOf(board).map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });

  it('has panels that fill their rows and do not lie on each other', () => {
    const cells = new Set<string>();
    for (const { title, gridPos } of panelsOf(board)) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x} ${y}`), `${title} lies on another panel`).toBe(false);
          cells.add(`${x} ${y}`);
        }
      }
    }
  });

  it('marks faults of a second, from whatever data source was chosen', () => {
    const [faults] = board.annotations.list;
    expect(faults).toMatchObject({ datasource: { uid: '$datasource' }, step: '1s', target: { interval: '1s' } });
    expect(faults?.expr).toBe(faults?.target.expr);
    expect(faults?.expr).toContain('fault_active');
  });

  it('leads to the other boards, at the same time and of the same run', () => {
    expect(board.links).toMatchObject([{ tags: ['stampede'], keepTime: true, includeVars: true }]);
    expect(board.tags).toContain('stampede');
  });

  it('defines every variable that it uses', () => {
    const names = new Set(board.templating.list.map(({ name }) => name));
    const text = JSON.stringify([board.panels, board.annotations]);
    const used = [...text.matchAll(/\$(\w+)/g)].map(([, name = '']) => name).filter((name) => !name.startsWith('__'));
    expect([...new Set(used)].filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('each lint rule', () => {
  const variable = (board: Dashboard, name: string) => {
    const found = board.templating.list.find((candidate) => candidate.name === name);
    if (found?.type !== 'query') throw new Error(`no query variable ${name}`);
    return found;
  };
  const panel = (board: Dashboard) => {
    const [, , found] = panelsOf(board);
    if (found === undefined) throw new Error('no panel');
    return found;
  };
  const ask = (board: Dashboard, expr: string) => {
    const [target] = panel(board).targets;
    if (target === undefined) throw new Error('no target');
    target.expr = expr;
  };
  const all = 'job=~"$job",instance=~"$instance"';
  const spoilers: [rule: string, spoil: (board: Dashboard) => void][] = [
    ['template-datasource-rule', (board) => board.templating.list.shift()],
    ['template-job-rule', (board) => Object.assign(variable(board, 'job'), { allValue: '.*' })],
    ['template-instance-rule', (board) => Object.assign(variable(board, 'instance'), { multi: false })],
    [
      'template-label-promql-rule',
      (board) => Object.assign(variable(board, 'run').query, { query: 'label_values(a{, b)' }),
    ],
    ['template-on-time-change-reload-rule', (board) => Object.assign(variable(board, 'run'), { refresh: 1 })],
    ['uneditable-dashboard', (board) => Object.assign(board, { editable: true })],
    ['panel-datasource-rule', (board) => Object.assign(panel(board).datasource, { uid: 'PBFA97CFB590B2093' })],
    ['panel-title-description-rule', (board) => Object.assign(panel(board), { description: ' ' })],
    ['panel-units-rule', (board) => Object.assign(panel(board).fieldConfig.defaults, { unit: 'furlongs' })],
    ['panel-no-targets-rule', (board) => panel(board).targets.splice(0)],
    ['target-promql-rule', (board) => ask(board, `sum(up{${all}}`)],
    ['target-rate-interval-rule', (board) => ask(board, `rate(a_total{${all}}[5m])`)],
    ['target-job-rule', (board) => ask(board, 'up{job="x",instance=~"$instance"}')],
    ['target-instance-rule', (board) => ask(board, 'up{job=~"$job"}')],
    ['target-counter-agg-rule', (board) => ask(board, `sum(a_total{${all}})`)],
  ];

  it.each(spoilers)('%s goes red', (rule, spoil) => {
    const board = read('stampede-run.json');
    spoil(board);
    expect(lint(board).map((problem) => problem.split(':')[0])).toContain(rule);
  });

  it('is among those that were seen to go red', () => {
    expect(spoilers.map(([rule]) => rule).sort()).toEqual(lintRules.map(({ name }) => name).sort());
  });
});

describe('the words of fault states', () => {
  it('are there for each number that the harness tells', () => {
    const words = Object.entries(FAULT_STATE_WORDS).map(([number, { text }]) => [Number(number), text.toLowerCase()]);
    const states = FAULT_STATES.map((state, number) => [number, state === 'unproven' ? 'no effect' : state]);
    expect(words).toEqual(states);
  });
});

describe('the colours of good and bad', () => {
  it('differ in lightness, so that they can be told apart without colours too', () => {
    const lightness = (hex: string) => {
      const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    expect(lightness(TONES.watch) - lightness(TONES.bad)).toBeGreaterThan(0.15);
    expect(lightness(TONES.bad) - lightness(TONES.good)).toBeGreaterThan(0.05);
  });
});
