import { z } from 'zod';
import { unanswered } from './unreachable.ts';

/** The part of a supervisor's control API that faults on processes need: who runs, and "do not restart it now". */

const statusSchema = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      part: z.string().optional(),
      pid: z.number().nullable().optional(),
      state: z.enum(['starting', 'ready', 'paused', 'held', 'down']),
      lastExit: z.object({ code: z.number().nullable(), signal: z.string().nullable() }).nullable().optional(),
    }),
  ),
});

export interface NodeStatus {
  name: string;
  /** The real part it is, where it is one. */
  part: string | undefined;
  pid: number | undefined;
  state: 'starting' | 'ready' | 'paused' | 'held' | 'down';
  /** How the process before this one ended, where the supervisor tells. */
  lastExit: { code: number | null; signal: string | null } | undefined;
}

/** What a supervisor does to a node for a time; it ends by itself after `ttlMs`. */
export type NodeOrder = 'hold' | 'pause' | 'restart-loop' | 'slow-start';

export async function allNodes(control: string, signal: AbortSignal): Promise<NodeStatus[]> {
  const response = await call(control, '/status', { method: 'GET' }, signal);
  const { nodes } = statusSchema.parse(await response.json());
  return nodes.map(({ name, part, pid, state, lastExit }) => {
    return { name, part, pid: pid ?? undefined, state, lastExit: lastExit ?? undefined };
  });
}

export async function nodeStatus(control: string, node: string, signal: AbortSignal): Promise<NodeStatus | undefined> {
  return (await allNodes(control, signal)).find((candidate) => candidate.name === node);
}

/** While a node is held its supervisor does not restart it; the hold lifts itself after `ttlMs`. */
export async function hold(control: string, node: string, ttlMs: number, signal: AbortSignal): Promise<void> {
  await beginOrder(control, node, 'hold', { ttlMs }, signal);
}

/** Again: for `ttlMs` from now. */
export async function beginOrder(
  control: string,
  node: string,
  order: NodeOrder,
  settings: { ttlMs: number; everyMs?: number; delayMs?: number },
  signal: AbortSignal,
): Promise<void> {
  await send(control, `/nodes/${encodeURIComponent(node)}/${order}`, 'PUT', settings, signal);
}

/** Ends an order before its time; the supervisor starts the node again if it is down. One that is not there is fine. */
export async function endOrder(control: string, node: string, order: NodeOrder, signal: AbortSignal): Promise<void> {
  await call(control, `/nodes/${encodeURIComponent(node)}/${order}`, { method: 'DELETE' }, signal);
}

/** Asks a node to end, kills it when it has not after `graceMs`, and holds it down for `ttlMs`. */
export async function terminate(
  control: string,
  node: string,
  settings: { graceMs: number; ttlMs: number },
  signal: AbortSignal,
): Promise<void> {
  await send(control, `/nodes/${encodeURIComponent(node)}/terminate`, 'POST', settings, signal);
}

/** Ends all fault hooks of a node by the supervisor's own channel to it. */
export async function endHooksOf(control: string, node: string, signal: AbortSignal): Promise<void> {
  await call(control, `/nodes/${encodeURIComponent(node)}/faults`, { method: 'DELETE' }, signal);
}

async function send(control: string, path: string, method: string, body: object, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await call(control, path, { method, headers, body: JSON.stringify(body) }, signal);
}

async function call(control: string, path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, control), { ...init, signal });
  } catch (error) {
    if (signal.aborted) throw new Error(`the supervisor at ${control} did not answer in time`, { cause: error });
    throw await unanswered(`the supervisor at ${control}`, control, error);
  }
  if (!response.ok) {
    const why = (await response.text().catch(() => '')).slice(0, 200);
    throw new Error(`the supervisor answered ${response.status} to ${init.method} ${path}: ${why}`);
  }
  return response;
}
