import type { z } from 'zod';

/** A way in which a node misbehaves when it is told to. One file each. Ends itself when its time is over. */
export interface FaultHook<Settings extends z.ZodObject> {
  settings: Settings;
  /** Begins, and returns what ends it. `leftMs` says how long it may yet go on. */
  begin(settings: z.output<Settings>, leftMs: () => number): () => void;
}

/** Keeps the settings' type between the schema and `begin`. */
export function defineFaultHook<Settings extends z.ZodObject>(hook: FaultHook<Settings>): FaultHook<Settings> {
  return hook;
}
