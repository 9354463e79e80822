import type UPlot from 'uplot';

declare global {
  /** Comes from uPlot's own script, which stands in the page before ours. */
  const uPlot: typeof UPlot;
}
