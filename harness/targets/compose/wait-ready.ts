import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, messageOf, StampedeError } from '../../errors.ts';
import { type Container, lastLines } from './containers.ts';
import type { PartCheck } from './part-checks.ts';

interface WaitOptions {
  checks: readonly PartCheck[];
  /** The containers as they are now. */
  containers: () => Promise<Container[]>;
  deadlineMs: number;
  onReady: (node: string, tookMs: number) => void;
  signal: AbortSignal;
}

/**
 * Waits until every part is ready. @throws StampedeError that names the part that ended, or is not ready by the deadline,
 * with its last lines
 */
export async function waitReady({ checks, containers, deadlineMs, onReady, signal }: WaitOptions): Promise<void> {
  const fromMs = performance.now();
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal]);
  const waiting = new Map<string, string>(checks.map(({ node }) => [node, 'it has not been asked yet']));
  const parts = checks.map(async ({ node, check }) => {
    for (;;) {
      try {
        await check(AbortSignal.any([limit, AbortSignal.timeout(ASK_MS)]));
        waiting.delete(node);
        return onReady(node, performance.now() - fromMs);
      } catch (error) {
        limit.throwIfAborted();
        waiting.set(node, messageOf(error));
        await sleep(POLL_MS, undefined, { signal: limit });
      }
    }
  });
  const ended = (async (): Promise<Container> => {
    for (;;) {
      const dead = (await containers()).find(
        ({ state, exitCode, service }) => state === 'exited' && (exitCode !== 0 || service !== ONE_SHOT),
      );
      if (dead !== undefined) return dead;
      await sleep(LOOK_MS, undefined, { signal: limit });
    }
  })();
  const all = Promise.all(parts).then(() => undefined);
  const late = sleep(deadlineMs, 'late' as const, { signal: limit });
  try {
    const first = await Promise.race([all, ended, late]);
    if (first === undefined) return;
    throw first === 'late' ? await tooLate(waiting, deadlineMs, await containers()) : await died(first);
  } finally {
    over.abort();
    await Promise.allSettled([all, ended, late, ...parts]);
    signal.throwIfAborted();
  }
}

/** It does its work and ends. */
const ONE_SHOT = 'seed';
const ASK_MS = 3_000;
const POLL_MS = 150;
const LOOK_MS = 500;

async function died({ service, name, exitCode }: Container): Promise<StampedeError> {
  const why = exitCode === 137 ? ': it was killed, perhaps for want of memory' : '';
  return new StampedeError(
    'target/part-ended',
    `${service} ended with exit code ${exitCode} while the stack came up${why}.`,
    {
      exitCode: EXIT.environment,
      facts: await lastLines(name),
      hint: 'its last lines are above; its image and configuration are named in docker-compose.yml',
    },
  );
}

async function tooLate(
  waiting: ReadonlyMap<string, string>,
  deadlineMs: number,
  containers: readonly Container[],
): Promise<StampedeError> {
  const [node, reason] = rootCause(waiting);
  const container = containers.find(({ service }) => service === node)?.name;
  const others = [...waiting].filter(([name]) => name !== node).map(([name, why]) => `also ${name}: ${why}`);
  return new StampedeError(
    'target/part-not-ready',
    `${node} was not ready within ${Math.round(deadlineMs / 1_000)} s: ${reason}`,
    {
      exitCode: EXIT.environment,
      facts: [...others, ...(container === undefined ? [] : await lastLines(container))],
      hint: 'its last lines are above; on a slow machine a second try finds the images built and the caches warm',
    },
  );
}

/** Whoever everybody else waits for: the parts are listed from the entry to the stores. */
function rootCause(waiting: ReadonlyMap<string, string>): readonly [string, string] {
  return [...waiting].at(-1) ?? ['the stack', 'nothing is known of it'];
}
