import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytes, rest } from '../test-rig.ts';
import type { Difference } from './differences.ts';
import type { LinkRig, Pair } from './link-rig.ts';

/** A case of the contract of the data plane: toxics that are there from the beginning, what is done, what is seen. */
export interface Observation {
  toxics?: readonly (readonly [type: string, attributes?: Record<string, number>, more?: object])[];
  watch(rig: LinkRig): Promise<unknown>;
  seen: unknown;
  /** Where we do something else than the original, on purpose: what is seen there, `not asked` where it may crash. */
  original?: { seen: unknown; difference: Difference };
  /** It touches, or holds up, every proxy of its server. */
  alone?: true;
}

export type Observations = Record<string, Observation>;

/** A timer may fire a millisecond early, and clocks are read apart. */
const EARLY_MS = 5;
/** A busy machine is late, but not by this much: what must not wait here would wait for a minute. */
const LATE_MS = 10_000;

/** `held` when it took so long, or up to 10 s longer. */
export function held(tookMs: number, leastMs: number): string {
  if (tookMs < leastMs - EARLY_MS) return `came after ${tookMs} ms, expected ${leastMs}`;
  return tookMs < leastMs + LATE_MS ? 'held' : `came after ${tookMs} ms, expected ${leastMs}`;
}

/** Long enough for anything to happen that is going to happen at once. */
export const quiet = () => sleep(300);

/** What has come to a socket that nobody reads from, without taking it. */
export function pending(socket: Socket): string {
  if (socket.readableEnded || socket.destroyed) return 'over';
  return socket.readableLength === 0 ? 'nothing' : `${socket.readableLength} bytes`;
}

/** Sends on one end, and waits for as many bytes on the other. */
export async function trip(from: Socket, to: Socket, text = 'x'): Promise<{ text: string; tookMs: number }> {
  const startMs = performance.now();
  from.write(text);
  const came = await bytes(to, Buffer.byteLength(text));
  return { text: came.toString(), tookMs: performance.now() - startMs };
}

/** All that comes until the end, and how it ended. */
export async function whole(socket: Socket): Promise<{ text: string; how: 'end' | 'reset' }> {
  const { data, how } = await rest(socket);
  return { text: data.length > 100 ? `${data.length} bytes` : data.toString(), how };
}

/** Until the stream is over one way or another. */
export async function over(socket: Socket): Promise<'over'> {
  await rest(socket);
  return 'over';
}

/** Whether the proxy takes a connection. */
export async function knock(rig: LinkRig): Promise<'taken' | 'refused'> {
  const client = rig.connect();
  try {
    await once(client, 'connect');
    return 'taken';
  } catch {
    return 'refused';
  }
}

/** Both ends of a pair, the sender of a stream first. */
export function ends({ client, upstream }: Pair, stream: 'upstream' | 'downstream'): [from: Socket, to: Socket] {
  return stream === 'upstream' ? [client, upstream] : [upstream, client];
}
