import { type Charset, charset } from './charset.ts';
import type { LiveState } from './live-state.ts';
import { type Meaning, painter } from './paint.ts';

export interface FrameSize {
  /** At least 60; below, the caller prints plain lines. */
  columns: number;
  /** At least 12; below, the caller prints plain lines. */
  rows: number;
  unicode: boolean;
  colour: boolean;
}

/** What every part of a frame is drawn from. */
export interface View {
  state: LiveState;
  columns: number;
  wide: boolean;
  chars: Charset;
  paint: (text: string, meaning: Meaning) => string;
}

/** Before every line of a frame. */
export const MARGIN = ' ';

/** From here on a frame has room for the question, a lane for each fault and the limits of the generator. */
const WIDE_FROM = 110;

export function viewOf(state: LiveState, size: FrameSize): View {
  return {
    state,
    columns: size.columns,
    wide: size.columns >= WIDE_FROM,
    chars: charset(size.unicode),
    paint: painter(size.colour),
  };
}

/** A ratio 0..1 as a block. */
export function step(chars: Charset, ratio: number): string {
  const last = chars.spark.length - 1;
  return chars.spark[Math.min(last, Math.max(0, Math.round(ratio * last)))] ?? '';
}
