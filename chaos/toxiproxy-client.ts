import { type Proxy as ClientProxy, Toxiproxy } from 'toxiproxy-node-client';
import { z } from 'zod';
import { Unreachable } from './unreachable.ts';

/**
 * The only file that talks to a Toxiproxy. It adds what the client lacks: a deadline on every call, parsed answers,
 * "not there" told apart from "not reachable", and reads that keep the list of toxics.
 */

const toxicSchema = z.object({
  name: z.string(),
  type: z.string(),
  stream: z.string(),
  toxicity: z.number(),
  attributes: z.record(z.string(), z.unknown()),
});

const proxySchema = z.object({
  name: z.string(),
  listen: z.string(),
  upstream: z.string(),
  enabled: z.boolean(),
  toxics: z.array(toxicSchema),
});

export type ProxyState = z.infer<typeof proxySchema>;

/** A proxy and its toxics as they are now, or undefined when there is no such proxy. */
export async function proxyState(api: string, proxy: string, signal: AbortSignal): Promise<ProxyState | undefined> {
  const all = await allProxies(api, signal);
  return all.find((candidate) => candidate.name === proxy);
}

export async function allProxies(api: string, signal: AbortSignal): Promise<ProxyState[]> {
  const client = new Toxiproxy(api);
  const answer = await bounded(api, client.api.get<unknown>(`${api}/proxies`), signal);
  return Object.values(z.record(z.string(), proxySchema).parse(answer.data));
}

export interface NewToxic {
  name: string;
  type: Parameters<ClientProxy['addToxic']>[0]['type'];
  stream: 'upstream' | 'downstream';
  attributes: Record<string, number>;
}

/** Adds a toxic that hits every connection, and reads it back: what is not there afterwards was not added. */
export async function addToxic(api: string, proxy: string, toxic: NewToxic, signal: AbortSignal): Promise<void> {
  const client = new Toxiproxy(api);
  const target = await bounded(api, client.get(proxy), signal);
  await bounded(api, target.addToxic({ ...toxic, toxicity: 1 }), signal);
  const state = await proxyState(api, proxy, signal);
  if (!state?.toxics.some((candidate) => candidate.name === toxic.name)) {
    throw new Error(`${proxy} accepted the toxic ${toxic.name} but does not list it`);
  }
}

/** Removes a toxic; one that is not there is fine. */
export async function removeToxic(api: string, proxy: string, toxic: string, signal: AbortSignal): Promise<void> {
  const state = await proxyState(api, proxy, signal);
  if (!state?.toxics.some((candidate) => candidate.name === toxic)) return;
  const client = new Toxiproxy(api);
  const target = await bounded(api, client.get(proxy), signal);
  const found = await bounded(api, target.getToxic(toxic), signal);
  await bounded(api, found.remove(), signal);
}

/** Opens or closes a proxy's listener; connections are cut when it closes. A proxy that is not there is fine. */
export async function setEnabled(api: string, proxy: string, enabled: boolean, signal: AbortSignal): Promise<void> {
  const state = await proxyState(api, proxy, signal);
  if (!state || state.enabled === enabled) return;
  const client = new Toxiproxy(api);
  const target = await bounded(api, client.get(proxy), signal);
  await bounded(api, target.update({ listen: state.listen, upstream: state.upstream, enabled }), signal);
}

/** Bytes a proxy has carried so far, both ways. Needs a server that counts live (started with -proxy-metrics). */
export async function bytesCarried(api: string, proxy: string, signal: AbortSignal): Promise<number | undefined> {
  const client = new Toxiproxy(api);
  const text = await bounded(api, client.api.getText(`${api}/metrics`), signal);
  let bytes: number | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith('toxiproxy_proxy_received_bytes_total{')) continue;
    if (!line.includes(`proxy="${proxy}"`)) continue;
    bytes = (bytes ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return bytes;
}

async function bounded<T>(api: string, call: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error(`the fault proxy at ${api} did not answer in time`, { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([call, aborted]);
  } catch (error) {
    if (error instanceof Error && /fetch failed|ECONNREFUSED/.test(error.message))
      throw new Unreachable(`the fault proxy at ${api}`, error);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    aborted.catch(() => {});
  }
}
