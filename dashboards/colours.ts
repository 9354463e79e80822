import type { Tone } from './board.ts';

/**
 * Okabe and Ito's colours, which people with any kind of colour vision tell apart. Good and bad are blue and vermillion,
 * never green and red, and a state is always written as well.
 */
export const TONES: Record<Tone, string> = {
  good: '#0072B2',
  watch: '#E69F00',
  bad: '#D55E00',
  plain: '#8E8E8E',
};

/** For the first, second, ... query of a panel. */
export const SERIES = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442'] as const;
