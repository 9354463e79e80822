import { type Proxy as ClientProxy, Toxiproxy } from 'toxiproxy-node-client';
import { z } from 'zod';
import { sumOf } from './metrics-page.ts';
import { unanswered } from './unreachable.ts';

/**
 * The only file that talks to a Toxiproxy. It adds what the client lacks: a deadline on every call, parsed answers,
 * "not there" told apart from "not reachable", and reads that keep the list of toxics.
 */

/** There only when something has a lease, and that only at a server that has leases. */
const leaseFields = { ttlMs: z.number().optional(), leftMs: z.number().optional() };

const toxicSchema = z.object({
  name: z.string(),
  type: z.string(),
  stream: z.string(),
  toxicity: z.number(),
  attributes: z.record(z.string(), z.unknown()),
  ...leaseFields,
});

const proxySchema = z.object({
  name: z.string(),
  listen: z.string(),
  upstream: z.string(),
  enabled: z.boolean(),
  toxics: z.array(toxicSchema),
  ...leaseFields,
});

export type ProxyState = z.infer<typeof proxySchema>;

/** The proxies as they were when they were last read: one that is stuck does not answer any more. */
const lastKnown = new Map<string, ProxyState>();

/**
 * A proxy and its toxics as they are now, or undefined when there is no such proxy. Only this one is asked for: the list of
 * all waits for the one that is stuck.
 */
export async function proxyState(api: string, proxy: string, signal: AbortSignal): Promise<ProxyState | undefined> {
  const path = `${api}/proxies/${part(proxy)}`;
  const answer = await bounded(api, fetch(path, { signal }), signal);
  const text = await bounded(api, answer.text(), signal);
  if (answer.status === 404 && text.includes('"proxy not found"')) return undefined;
  if (!answer.ok) throw new Error(`the fault proxy at ${api} answered ${answer.status} to GET ${path}: ${text.trim()}`);
  const state = proxySchema.parse(JSON.parse(text));
  lastKnown.set(path, state);
  return state;
}

export async function allProxies(api: string, signal: AbortSignal): Promise<ProxyState[]> {
  const client = new Toxiproxy(api);
  const answer = await bounded(api, client.api.get<unknown>(`${api}/proxies`), signal);
  return Object.values(z.record(z.string(), proxySchema).parse(answer.data));
}

export interface NewToxic {
  name: string;
  /** `cut_response` and `answer` where the server has them: see `extensionsOf`. */
  type: Exclude<Parameters<ClientProxy['addToxic']>[0]['type'], 'down'> | 'cut_response' | 'answer';
  stream: 'upstream' | 'downstream';
  attributes: Record<string, number>;
  /** Share of connections it hits, 0..1; all of them unless told. */
  toxicity?: number;
  /** Draws the toxicity anew for each request; without effect at a server without that. */
  per?: 'request';
  /** The server removes it after so long, unless `renewToxic` is called. Without effect at a server without leases. */
  ttlMs?: number;
}

/** Whether what was asked for ends by itself when nobody renews it. */
export interface Leased {
  leased: boolean;
}

/** Adds a toxic and reads it back: what is not there afterwards was not added. */
export async function addToxic(api: string, proxy: string, toxic: NewToxic, signal: AbortSignal): Promise<Leased> {
  const client = new Toxiproxy(api);
  const body = { ...toxic, toxicity: toxic.toxicity ?? 1 };
  await bounded(api, client.api.post(`${api}/proxies/${part(proxy)}/toxics`, body), signal);
  const state = await proxyState(api, proxy, signal);
  const found = state?.toxics.find((candidate) => candidate.name === toxic.name);
  if (!found) throw new Error(`${proxy} accepted the toxic ${toxic.name} but does not list it`);
  return { leased: found.ttlMs !== undefined };
}

/**
 * Removes a toxic; one that is not there is fine. The original waits for every connection of the proxy when it removes a
 * toxic, and for ever if one of them is not read from: then the proxy is made anew, which cuts its connections.
 *
 * @throws when not even that is answered: a connection came while the proxy was stuck, and only a restart helps
 */
export async function removeToxic(api: string, proxy: string, toxic: string, signal: AbortSignal): Promise<void> {
  if (await hasLeases(api, signal)) return await removed(api, proxy, toxic, signal);
  const within = (ms: number) => AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  try {
    await removed(api, proxy, toxic, within(REMOVAL_PATIENCE_MS));
  } catch (error) {
    if (!(error instanceof NoAnswer) || signal.aborted) throw error;
    await madeAnew(api, proxy, toxic, within(REMAKING_PATIENCE_MS)).catch((cause: unknown) => {
      if (!(cause instanceof NoAnswer) || signal.aborted) throw cause;
      throw new Error(
        `${proxy} is stuck: the Toxiproxy at ${api} waits for a connection that nobody reads from, and only a restart helps`,
        { cause },
      );
    });
  }
}

/** It answers within milliseconds, and every connection that comes while it is stuck makes it worse. */
const REMOVAL_PATIENCE_MS = 1_000;
const REMAKING_PATIENCE_MS = 3_000;

async function removed(api: string, proxy: string, toxic: string, signal: AbortSignal): Promise<void> {
  const state = await proxyState(api, proxy, signal);
  if (!state?.toxics.some((candidate) => candidate.name === toxic)) return;
  const client = new Toxiproxy(api);
  await bounded(api, client.api.delete(`${api}/proxies/${part(proxy)}/toxics/${part(toxic)}`), signal);
}

/**
 * Deletes a proxy and makes it again, with its toxics but for one. Deleting takes none of the locks that a stuck removal
 * holds; disabling does not free them, and reading waits for them, so what is remembered must do.
 */
async function madeAnew(api: string, proxy: string, toxic: string, signal: AbortSignal): Promise<void> {
  const client = new Toxiproxy(api);
  const path = `${api}/proxies/${part(proxy)}`;
  const state = lastKnown.get(path);
  if (!state)
    throw new Error(`${proxy} does not answer, and where it listens was never read: restart the Toxiproxy at ${api}`);
  // At once, so that another toxic that is removed meanwhile does not bring this one back.
  state.toxics = state.toxics.filter(({ name }) => name !== toxic);
  const { name, listen, upstream, enabled } = state;
  await bounded(api, client.api.delete(path), signal).catch(unless('404'));
  await bounded(api, client.api.post(`${api}/proxies`, { name, listen, upstream, enabled }), signal).catch(
    unless('409'),
  );
  for (const kept of state.toxics) {
    await bounded(api, client.api.post(`${path}/toxics`, kept), signal).catch(unless('409'));
  }
}

/** Somebody else was faster. The client tells of a status only in the text of its error. */
function unless(status: '404' | '409'): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && error.message.endsWith(`status code ${status}`))) throw error;
  };
}

/**
 * Opens or closes a proxy's listener; connections are cut when it closes. A proxy that is not there is fine. With `ttlMs` a
 * server that has leases opens it again after so long, unless `renewDisabled` is called.
 */
export async function setEnabled(
  api: string,
  proxy: string,
  enabled: boolean,
  signal: AbortSignal,
  { ttlMs }: { ttlMs?: number } = {},
): Promise<Leased> {
  const state = await proxyState(api, proxy, signal);
  if (!state || state.enabled === enabled) return { leased: state?.ttlMs !== undefined };
  const { listen, upstream } = state;
  const client = new Toxiproxy(api);
  const lease = !enabled && ttlMs !== undefined ? { ttlMs } : {};
  const change = { listen, upstream, enabled, ...lease };
  const answer = await bounded(api, client.api.post<unknown>(`${api}/proxies/${part(proxy)}`, change), signal);
  return { leased: proxySchema.parse(answer.data).ttlMs !== undefined };
}

/** `gone`: it has ended already, or was lifted by somebody else. */
export type Renewal = 'renewed' | 'gone' | 'no leases';

/** Lets a toxic stay for so long from now. */
export function renewToxic(
  api: string,
  proxy: string,
  toxic: string,
  ttlMs: number,
  signal: AbortSignal,
): Promise<Renewal> {
  return renew(api, `/proxies/${part(proxy)}/toxics/${part(toxic)}/lease`, ttlMs, signal);
}

/** Lets a disabled proxy stay disabled for so long from now. */
export function renewDisabled(api: string, proxy: string, ttlMs: number, signal: AbortSignal): Promise<Renewal> {
  return renew(api, `/proxies/${part(proxy)}/lease`, ttlMs, signal);
}

async function renew(api: string, path: string, ttlMs: number, signal: AbortSignal): Promise<Renewal> {
  if (!(await hasLeases(api, signal))) return 'no leases';
  const body = JSON.stringify({ ttlMs });
  const answer = await bounded(api, fetch(`${api}${path}`, { method: 'POST', body, signal }), signal);
  const text = await bounded(api, answer.text(), signal);
  if (answer.ok) return 'renewed';
  if (answer.status === 404 || answer.status === 409) return 'gone';
  throw new Error(`the fault proxy at ${api} answered ${answer.status} to POST ${path}: ${text.trim()}`);
}

const extensionsSchema = z.object({
  lease: z.number().optional(),
  cutResponse: z.number().optional(),
  answer: z.number().optional(),
});
const known = new Map<string, Extensions>();

/** What a server has beyond the original. */
export interface Extensions {
  /** Toxics and disabled proxies can end by themselves. */
  leases: boolean;
  /** The toxic `cut_response`. */
  cutResponse: boolean;
  /** The toxic `answer`. */
  answer: boolean;
}

/** Asked once: the original answers 404. */
export async function extensionsOf(api: string, signal: AbortSignal): Promise<Extensions> {
  const before = known.get(api);
  if (before !== undefined) return before;
  const answer = await bounded(api, fetch(`${api}/extensions`, { signal }), signal);
  const text = await bounded(api, answer.text(), signal);
  const has = answer.ok ? extensionsSchema.parse(JSON.parse(text)) : {};
  const extensions = {
    leases: has.lease !== undefined,
    cutResponse: has.cutResponse !== undefined,
    answer: has.answer !== undefined,
  };
  known.set(api, extensions);
  return extensions;
}

/** Whether toxics and disabled proxies of a server can end by themselves. */
export async function hasLeases(api: string, signal: AbortSignal): Promise<boolean> {
  return (await extensionsOf(api, signal)).leases;
}

/** Bytes a proxy has received so far. Needs a server with metrics (started with -proxy-metrics). */
export async function bytesCarried(api: string, proxy: string, signal: AbortSignal): Promise<number | undefined> {
  const carried = await trafficOf(api, proxy, signal);
  return carried && carried.upstreamBytes + carried.downstreamBytes;
}

/** What a proxy has received so far in each direction. */
interface Carried {
  upstreamBytes: number;
  downstreamBytes: number;
  /** Counted as it passes; the original counts a connection's bytes when it ends. */
  live: boolean;
}

/** Undefined when the server has no metrics, or the proxy none yet. */
export async function trafficOf(api: string, proxy: string, signal: AbortSignal): Promise<Carried | undefined> {
  const client = new Toxiproxy(api);
  const text = await bounded(api, client.api.getText(`${api}/metrics`), signal);
  const received = (direction: 'upstream' | 'downstream') =>
    sumOf(text, `toxiproxy_proxy_received_bytes_total{direction="${direction}",proxy="${proxy}"}`);
  const upstreamBytes = received('upstream');
  const downstreamBytes = received('downstream');
  if (upstreamBytes === undefined && downstreamBytes === undefined) return undefined;
  const live = text.includes('toxiproxy_proxy_connections');
  return { upstreamBytes: upstreamBytes ?? 0, downstreamBytes: downstreamBytes ?? 0, live };
}

class NoAnswer extends Error {
  constructor(api: string, cause: unknown) {
    super(`the fault proxy at ${api} did not answer in time`, { cause });
    this.name = 'NoAnswer';
  }
}

/** Names may hold anything, and stand in paths. */
const part = encodeURIComponent;

async function bounded<T>(api: string, call: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new NoAnswer(api, signal.reason));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([call, aborted]);
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    // A call that knows the signal too may be the first to say so.
    if (signal.aborted) throw new NoAnswer(api, error);
    const isOfNetwork = error instanceof Error && error.message.includes('fetch failed');
    throw isOfNetwork ? await unanswered(`the fault proxy at ${api}`, api, error) : error;
  } finally {
    signal.removeEventListener('abort', stop);
    aborted.catch(() => {});
  }
}
