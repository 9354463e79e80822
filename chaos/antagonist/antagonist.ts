import type { z } from 'zod';

/**
 * What a process of ours does to a system from outside of it: eat its CPU, its memory, come in crowds. One file a kind. Such a process is
 * on its own: it outlives the harness, and ends when its time is over, whoever dies.
 */
export interface AntagonistKind<Settings> {
  settings: z.ZodType<Settings>;
  /** Resolves when it is at work, and then goes on until the process ends. Rejects when it cannot. */
  begin(settings: Settings): Promise<void>;
}
