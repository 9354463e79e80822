import { z } from 'zod';
import { callJson } from './call-json.ts';

/** The hook of the reference shop's broker by which it delivers messages twice for a while; it ends by itself. */

const stateSchema = z.object({ share: z.number() });

export async function deliverTwice(url: string, share: number, ttlMs: number, signal: AbortSignal): Promise<void> {
  await callJson(`the broker at ${url}`, hook(url), 'PUT', signal, { share, ttlMs });
}

export async function endDuplicates(url: string, signal: AbortSignal): Promise<void> {
  await callJson(`the broker at ${url}`, hook(url), 'DELETE', signal);
}

export async function deliversTwice(url: string, signal: AbortSignal): Promise<boolean> {
  return stateSchema.parse(await callJson(`the broker at ${url}`, hook(url), 'GET', signal)).share > 0;
}

function hook(url: string): URL {
  return new URL('/__faults/duplicates', url);
}
