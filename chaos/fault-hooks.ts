import { z } from 'zod';
import { endHooksOf } from './control.ts';
import { Unreachable, unanswered } from './unreachable.ts';

/** The client of a node's fault hooks: see `target-app/fault-hooks/server.ts` for what it talks to. */

const activeSchema = z.object({
  faults: z.array(z.object({ name: z.string(), settings: z.record(z.string(), z.unknown()), expiresInMs: z.number() })),
});

export type ActiveHook = z.infer<typeof activeSchema>['faults'][number];

export async function beginHook(hooks: string, name: string, settings: object, signal: AbortSignal): Promise<void> {
  await call(`${hooks}/__faults/${name}`, 'PUT', settings, signal);
}

/** What is on. Rejects when the node takes no connection, as one without file descriptors. */
export async function activeHooks(hooks: string, signal: AbortSignal): Promise<ActiveHook[]> {
  return activeSchema.parse(await call(`${hooks}/__faults`, 'GET', undefined, signal)).faults;
}

/** Ends one hook. A node that takes no connection is told by its supervisor, and then ends all it has. */
export async function endHook(
  { hooks, control, node, name }: { hooks: string; control: string; node: string; name: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await call(
      `${hooks}/__faults/${name}`,
      'DELETE',
      undefined,
      AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]),
    );
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    await endHooksOf(control, node, signal);
  }
}

/** Long enough for a node whose event loop is blocked most of the time. */
const ASK_MS = 2_000;

async function call(url: string, method: string, body: object | undefined, signal: AbortSignal): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      // A kept connection would hide that no new one is taken.
      headers: { connection: 'close', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw new Error(`the fault hooks at ${url} did not answer in time`, { cause: error });
    throw await unanswered(`the fault hooks at ${url}`, url, error);
  }
  const text = await response.text();
  if (!response.ok)
    throw new Error(`the fault hooks answered ${response.status} to ${method} ${url}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
}
