import { z } from 'zod';
import { POINTS } from './points.ts';

/** What one harness that is to die is told: which fault, where it dies, and whether it has a watchdog. */
export const driverSpecSchema = z.strictObject({
  run: z.string(),
  undoDirectory: z.string(),
  /** A file. */
  topology: z.string(),
  fault: z.string(),
  point: z.enum(POINTS),
  watchdog: z.boolean(),
  forMs: z.number(),
});

export type DriverSpec = z.output<typeof driverSpecSchema>;
