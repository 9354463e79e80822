import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fleet } from '../agents/fleet.ts';
import type { Snapshot } from '../agents/protocol.ts';
import type { RunClock } from '../clock.ts';
import type { Journal } from '../journal.ts';
import type { LiveTracker } from '../live.ts';
import { Histogram } from '../load/histogram.ts';
import { RUN_FILES } from '../read-run.ts';
import { outputError } from '../run-directory.ts';
import type { Plan } from '../scenario/plan.ts';
import { openSliceLog } from '../slice-log.ts';
import type { Target } from '../targets/target.ts';
import type { Course } from './steering.ts';

/** The agents, and everything they report on its way to disk. */
export class Load {
  readonly #fleet: Fleet;
  readonly #plan: Plan;
  readonly #journal: Journal;
  readonly #close: () => void;

  constructor(
    plan: Plan,
    target: Target,
    directory: string,
    clock: RunClock,
    journal: Journal,
    live: LiveTracker,
    onFailure: (error: unknown) => void,
  ) {
    this.#plan = plan;
    this.#journal = journal;
    const slices = openSliceLog(join(directory, RUN_FILES.slices));
    const operations = join(directory, RUN_FILES.operations);
    this.#close = () => slices.close();
    const keep = (agent: number, snapshot: Snapshot) => {
      try {
        slices.append(snapshot.slices);
        const lines = snapshot.operations.map((operation) => `${JSON.stringify(operation)}\n`).join('');
        if (lines !== '') appendFileSync(operations, lines);
      } catch (error) {
        onFailure(outputError(directory, error));
      }
      for (const trouble of snapshot.troubles) journal.write({ kind: 'trouble', agent, ...trouble });
      live.snapshot(snapshot);
      journal.write({ kind: 'generator', agent, ...snapshot.state, ...snapshot.health, ...latenessOf(snapshot) });
    };
    this.#fleet = new Fleet({
      plan,
      scenarioFile: plan.file,
      baseUrl: target.entry,
      clock,
      onSnapshot: keep,
      onLost: (lost) => journal.write({ kind: 'agent lost', ...lost }),
      onDone: (agent) => journal.write({ kind: 'agent done', agent }),
    });
  }

  get agentPids(): number[] {
    return this.#fleet.pids;
  }

  /** Where the agents can be scraped. */
  async ready(signal: AbortSignal): Promise<string[]> {
    const urls = await Promise.race([this.#fleet.ready(AGENTS_READY_MS), rejection(signal)]);
    this.#journal.write({ kind: 'agents ready', agents: this.#plan.agents });
    return urls;
  }

  /** `setup` is what the scenario's own `setup` returned. */
  start(atMs: number, setup: unknown): void {
    this.#journal.write({ kind: 'load started', atMs });
    this.#fleet.start(atMs, setup);
  }

  adjust(what: string, { curves, durationMs }: Course): void {
    this.#journal.write({ kind: 'load adjusted', what, curves, durationMs });
    this.#fleet.adjust(curves, durationMs);
  }

  stop(): void {
    this.#fleet.stop();
  }

  get finished(): Promise<void> {
    return this.#fleet.finished;
  }

  async close(): Promise<void> {
    await this.#fleet.close();
    this.#close();
  }
}

function latenessOf(snapshot: Snapshot): { lateness: string; latenessP99Ms: number | null } {
  const histogram = new Histogram();
  histogram.mergeEncoded(snapshot.lateness);
  return { lateness: Buffer.from(snapshot.lateness).toString('base64'), latenessP99Ms: histogram.quantile(0.99) };
}

const AGENTS_READY_MS = 30_000;

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
