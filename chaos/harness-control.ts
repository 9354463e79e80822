import { z } from 'zod';
import { callJson } from './call-json.ts';

/** What faults on the harness itself ask of it, on loopback: its monitor can be cut off for a while. */

const stateSchema = z.object({ cutOff: z.boolean(), gaps: z.number() });

export async function cutOffMonitor(control: string, ttlMs: number, signal: AbortSignal): Promise<void> {
  await callJson('the harness', hook(control), 'PUT', signal, { ttlMs });
}

export async function restoreMonitor(control: string, signal: AbortSignal): Promise<void> {
  await callJson('the harness', hook(control), 'DELETE', signal);
}

/** `gaps` counts scrapes that failed or were not made, since the run began. */
export async function monitorCutOff(control: string, signal: AbortSignal): Promise<z.output<typeof stateSchema>> {
  return stateSchema.parse(await callJson('the harness', hook(control), 'GET', signal));
}

function hook(control: string): URL {
  return new URL('/faults/monitor', control);
}
