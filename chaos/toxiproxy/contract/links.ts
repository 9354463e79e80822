import { CHANGE } from './links-change.ts';
import { ENDING } from './links-ending.ts';
import { PACE } from './links-pace.ts';
import { PLAIN } from './links-plain.ts';
import type { Observations } from './observation.ts';

/** The whole contract of the data plane. */
export const OBSERVATIONS: Observations = { ...PLAIN, ...PACE, ...ENDING, ...CHANGE };
