import type { Chart, SeriesRole } from '../model.ts';

/** What stands in the page as JSON. Times are seconds on the run's clock, because that is what the charts draw. */
export interface PageData {
  charts: PageChart[];
  /** The positions of the charts; most of them share one list. */
  xs: number[][];
  faults: PageFault[];
  windows: { name: string; from: number; to: number }[];
  /** What is outside was warm-up or drain. */
  judged: { from: number; to: number } | null;
  durationSec: number;
  /** For the button that copies it. */
  markdown: string;
}

export interface PageChart extends Pick<Chart, 'id' | 'group' | 'title' | 'caption' | 'unit' | 'scale' | 'limits'> {
  /** Index into `xs`. */
  x: number;
  series: PageSeries[];
}

export interface PageSeries {
  label: string;
  role: SeriesRole;
  values: (number | null)[];
}

export interface PageFault {
  name: string;
  target: string;
  from: number;
  /** null = no effect was measured. */
  proven: number | null;
  to: number;
  recovered: number | null;
  label: string;
}
