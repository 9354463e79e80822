import type { Door } from './door.ts';

/** A container as it was before a fault: which one, and how it answered. */
export interface ContainerBaseline {
  id: string;
  startedAt: string;
  /** On the engine's machine. */
  pid: number;
  restartCount: number;
  /** Undefined where no port of it can be reached from here. */
  door?: Door;
  /** Addresses that answered a ping from within it. */
  reaches?: string[];
}
