import type { Outcome } from '../../harness/verdict/verdict.ts';
import { plain } from '../escape.ts';

/** The signs of a terminal view, in a terminal that shows Unicode and in one that does not. */
export interface Charset {
  sign: Record<Outcome, string>;
  /** Does not apply, or not known. */
  none: string;
  dot: string;
  ellipsis: string;
  bar: { full: string; empty: string };
  /** Eight steps, lowest first. */
  spark: string[];
  /** A fault on the timeline: its ends, its body, and "now" across it. */
  lane: { from: string; to: string; body: string; planned: string; now: string };
  /** Any text made safe for this terminal: one line, no escapes, no sign it can't draw. */
  text: (text: string) => string;
}

export function charset(unicode: boolean): Charset {
  return unicode ? UNICODE : ASCII;
}

const UNICODE: Charset = {
  sign: { passed: '✓', failed: '✗', inconclusive: '?' },
  none: '–',
  dot: '·',
  ellipsis: '…',
  bar: { full: '█', empty: '░' },
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  lane: { from: '├', to: '┤', body: '▒', planned: '░', now: '│' },
  text: plain,
};

const ASCII: Charset = {
  sign: { passed: 'ok', failed: 'FAIL', inconclusive: '?' },
  none: '-',
  dot: '|',
  ellipsis: '~',
  bar: { full: '#', empty: '.' },
  spark: ['_', '.', ':', '-', '=', '+', '*', '#'],
  lane: { from: '[', to: ']', body: '#', planned: '.', now: '|' },
  text: (text) => plain(text).replace(/[^\x20-\x7e]/gu, (char) => ASCII_FOR[char] ?? '?'),
};

const ASCII_FOR: Record<string, string> = {
  '–': '-',
  '—': '-',
  '·': '|',
  '…': '~',
  '→': '->',
  '∞': 'inf',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '\u00a0': ' ',
};
