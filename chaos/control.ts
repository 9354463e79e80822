import { z } from 'zod';
import { Unreachable } from './unreachable.ts';

/** The part of a supervisor's control API that faults on processes need: who runs, and "do not restart it now". */

const statusSchema = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      part: z.string().optional(),
      pid: z.number().nullable().optional(),
      state: z.enum(['starting', 'ready', 'held', 'down']),
    }),
  ),
});

export interface NodeStatus {
  name: string;
  /** The real part it is, where it is one. */
  part: string | undefined;
  pid: number | undefined;
  state: 'starting' | 'ready' | 'held' | 'down';
}

export async function allNodes(control: string, signal: AbortSignal): Promise<NodeStatus[]> {
  const response = await call(control, '/status', { method: 'GET' }, signal);
  const { nodes } = statusSchema.parse(await response.json());
  return nodes.map(({ name, part, pid, state }) => ({ name, part, pid: pid ?? undefined, state }));
}

export async function nodeStatus(control: string, node: string, signal: AbortSignal): Promise<NodeStatus | undefined> {
  return (await allNodes(control, signal)).find((candidate) => candidate.name === node);
}

/** While a node is held its supervisor does not restart it; the hold lifts itself after `ttlMs`. */
export async function hold(control: string, node: string, ttlMs: number, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ ttlMs });
  await call(
    control,
    `/nodes/${encodeURIComponent(node)}/hold`,
    { method: 'PUT', headers: { 'content-type': 'application/json' }, body },
    signal,
  );
}

/** Lifts a hold; the supervisor starts the node again if it is down. */
export async function releaseHold(control: string, node: string, signal: AbortSignal): Promise<void> {
  await call(control, `/nodes/${encodeURIComponent(node)}/hold`, { method: 'DELETE' }, signal);
}

async function call(control: string, path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, control), { ...init, signal });
  } catch (error) {
    if (signal.aborted) throw new Error(`the supervisor at ${control} did not answer in time`, { cause: error });
    throw new Unreachable(`the supervisor at ${control}`, error);
  }
  if (!response.ok) throw new Error(`the supervisor answered ${response.status} to ${init.method} ${path}`);
  return response;
}
