import { createLogUpdate } from 'log-update';
import { frame, SMALLEST } from '../reports/terminal/frame.ts';
import type { LiveState } from '../reports/terminal/live-state.ts';
import { plainLine, progressLine } from '../reports/terminal/plain.ts';
import type { JournalLine } from './journal.ts';
import { sentenceOf, withoutRepeats } from './sentences.ts';

/** What a person sees while a run is on. Everything goes to standard error; standard output is for results. */
export interface View {
  event(line: JournalLine): void;
  live(state: LiveState): void;
  close(): void;
}

export interface ViewOptions {
  stream: NodeJS.WriteStream;
  plain: boolean;
  quiet: boolean;
  env: NodeJS.ProcessEnv;
}

export function openView({ stream, plain, quiet, env }: ViewOptions): View {
  if (quiet) return { event() {}, live() {}, close() {} };
  const size = terminalSize(stream, env);
  const small = size && (size.columns < SMALLEST.columns || size.rows < SMALLEST.rows);
  const interactive = size !== undefined && !small && !plain && !env.CI && env.TERM !== 'dumb';
  return interactive ? liveView(stream, env) : plainView(stream);
}

/** Redrawn twice a second at the bottom; events scroll by above it and stay. */
function liveView(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): View {
  const update = createLogUpdate(stream);
  const paint = { unicode: unicodeIn(env), colour: colourIn(stream, env) };
  const isNew = withoutRepeats();
  let last = '';
  return {
    event(line) {
      const sentence = sentenceOf(line);
      if (sentence && isNew(line)) update.persist(plainLine(line.tMs, sentence.verb, sentence.text));
    },
    live(state) {
      const { columns, rows } = terminalSize(stream, env) ?? { columns: 80, rows: 24 };
      const drawn = frame(state, { columns, rows, ...paint }).join('\n');
      if (drawn !== last) update(drawn);
      last = drawn;
    },
    close: () => update.clear(),
  };
}

/** Events at once; progress every tenth of the plan, at least five seconds and at most a minute apart. */
function plainView(stream: NodeJS.WriteStream): View {
  const isNew = withoutRepeats();
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    event(line) {
      const sentence = sentenceOf(line);
      if (sentence && isNew(line)) stream.write(`${plainLine(line.tMs, sentence.verb, sentence.text)}\n`);
    },
    live(state) {
      if (state.phase !== 'load' || state.loadFromMs === null) return;
      const everyMs = Math.min(60_000, Math.max(5_000, (state.totalMs ?? 0) / 10));
      if (toldMs === Number.NEGATIVE_INFINITY) toldMs = state.loadFromMs;
      if (state.tMs - toldMs < everyMs) return;
      toldMs = state.tMs;
      stream.write(`${progressLine(state)}\n`);
    },
    close() {},
  };
}

/** `STAMPEDE_TTY=80x24` makes any stream a terminal of that size, for tests. */
function terminalSize(
  stream: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
): { columns: number; rows: number } | undefined {
  const forced = /^(\d+)x(\d+)$/.exec(env.STAMPEDE_TTY ?? '');
  if (forced) return { columns: Number(forced[1]), rows: Number(forced[2]) };
  return stream.isTTY ? { columns: stream.columns || 80, rows: stream.rows || 24 } : undefined;
}

export function unicodeIn(env: NodeJS.ProcessEnv): boolean {
  if (env.TERM === 'linux' || env.TERM === 'dumb') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return locale === '' ? process.platform !== 'win32' : /utf-?8/i.test(locale);
}

/** NO_COLOR and FORCE_COLOR as everybody has them; otherwise a terminal gets colour. */
export function colourIn(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}
