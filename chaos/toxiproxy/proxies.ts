import { isDeepStrictEqual } from 'node:util';
import { ApiError, badBody, missingField, proxyAlreadyExists, proxyNotFound } from './api-error.ts';
import { errorText } from './error-text.ts';
import type { EventLog } from './event-log.ts';
import { toxicsField, ttlField } from './extension-fields.ts';
import { type Json, parseFirst, toJson } from './go-json.ts';
import { readStruct, wrongType } from './go-struct.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { type ProxySettings, type Surroundings, TcpProxy } from './tcp-proxy.ts';
import { newToxics, type Toxic, type Wanted } from './toxic.ts';

/** Every proxy of a server. Changes to the set, and starts and stops, happen one after the other. */
export class Proxies {
  readonly #surroundings: Surroundings;
  readonly #byName = new Map<string, TcpProxy>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(surroundings: { metrics: Metrics; events: EventLog; seed: number; log: Log }) {
    this.#surroundings = { ...surroundings, inTurn: (work) => this.#inTurn(work) };
  }

  get(name: string): TcpProxy {
    const found = this.#byName.get(name);
    if (!found) throw proxyNotFound();
    return found;
  }

  /** Sorted by name, as Go prints a map. */
  all(): TcpProxy[] {
    return [...this.#byName.values()].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }

  toJson(): string {
    return `{${this.all()
      .map((proxy) => `${toJson(proxy.name)}:${proxy.toJson()}`)
      .join(',')}}`;
  }

  /** With `applyToxics` the `toxics` of the body are on the proxy before it listens; the original drops them. */
  create(body: Json, { applyToxics }: Extras): Promise<TcpProxy> {
    return this.#inTurn(async () => {
      const given = readStruct(body, PROXY);
      if (!given.name) throw missingField('name');
      if (!given.upstream) throw missingField('upstream');
      if (this.#byName.has(given.name)) throw proxyAlreadyExists();
      const settings = { name: given.name, listen: given.listen ?? '', upstream: given.upstream };
      return this.#add(settings, given.enabled ?? true, applyToxics ? toxicsOf(body) : undefined);
    });
  }

  update(name: string, body: Json): Promise<TcpProxy> {
    return this.#inTurn(async () => {
      const proxy = this.get(name);
      const { name: _, ...changes } = readStruct(body, PROXY);
      const before = proxy.settings;
      const settings = { ...before, ...changes };
      const ttlMs = ttlField(body);
      if (ttlMs !== undefined && settings.enabled) throw new ApiError(400, 'ttlMs: expected "enabled": false with it');
      try {
        await proxy.update(settings);
        if (ttlMs !== undefined) proxy.leaseDisabled(ttlMs);
      } finally {
        if (!isDeepStrictEqual(before, proxy.settings)) {
          this.#surroundings.events.add({ event: 'proxy updated', ...ours(proxy), by: 'api' });
        }
      }
      return proxy;
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.get(name).close();
      this.#byName.delete(name);
      this.#surroundings.events.add({ event: 'proxy deleted', proxy: name });
    });
  }

  /** Starts every proxy and removes every toxic. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.all()) {
        const wasEnabled = proxy.settings.enabled;
        await proxy.start();
        if (!wasEnabled) this.#surroundings.events.add({ event: 'proxy updated', ...ours(proxy), by: 'reset' });
        proxy.removeToxics('reset');
      }
    });
  }

  /**
   * Creates what is missing and replaces what has another address; what is there already stays as it is. The first
   * failure, reading the body included, ends it: the answer holds the proxies done so far and the error.
   */
  populate(body: () => Json, { applyToxics }: Extras): Promise<{ proxies: TcpProxy[]; error?: ApiError }> {
    return this.#inTurn(async () => {
      const proxies: TcpProxy[] = [];
      try {
        for (const { enabled, toxics, ...settings } of readPopulation(body(), applyToxics)) {
          proxies.push(await this.#addOrReplace(settings, enabled, toxics));
        }
      } catch (error) {
        return { proxies, error: asApiError(error) };
      }
      return { proxies };
    });
  }

  /** The same from the text of a file, as the original wrote it. */
  populateFrom(text: string): Promise<{ proxies: TcpProxy[]; error?: ApiError }> {
    const body = () => {
      try {
        return parseFirst(text);
      } catch (error) {
        throw error instanceof SyntaxError ? badBody(error.message) : error;
      }
    };
    return this.populate(body, { applyToxics: false });
  }

  /** No proxy there is takes another client; their connections go on. */
  closeListeners(): void {
    for (const proxy of this.#byName.values()) proxy.closeListener();
  }

  async stopAll(): Promise<void> {
    await this.#inTurn(async () => {
      for (const proxy of this.#byName.values()) proxy.close();
    });
  }

  async #addOrReplace(
    settings: ProxySettings,
    enabled: boolean,
    toxics: Wanted<Toxic>[] | undefined,
  ): Promise<TcpProxy> {
    const existing = this.#byName.get(settings.name);
    if (existing) {
      if (!(await existing.differs(settings))) {
        if (toxics) existing.replaceToxics(toxics);
        return existing;
      }
      existing.stop();
    }
    const added = await this.#add(settings, enabled, toxics);
    existing?.close();
    return added;
  }

  async #add(settings: ProxySettings, enabled: boolean, toxics: Wanted<Toxic>[] | undefined): Promise<TcpProxy> {
    const proxy = new TcpProxy(settings, toxics ?? [], this.#surroundings);
    try {
      if (enabled) await proxy.start();
    } catch (error) {
      proxy.close();
      throw error;
    }
    this.#byName.set(proxy.name, proxy);
    this.#surroundings.events.add({ event: 'proxy created', ...ours(proxy), toxics: proxy.toxicObjects });
    return proxy;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** What a request may ask for beyond the original. */
export interface Extras {
  applyToxics: boolean;
}

function ours(proxy: TcpProxy) {
  const { name, ...settings } = proxy.settings;
  return { proxy: name, ...settings };
}

/** What is not an error of the API is one of the system: a port in use, a name that cannot be looked up. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(500, errorText(error));
}

const PROXY = {
  type: 'toxiproxy.Proxy',
  path: (field: string) => `Proxy.${field}`,
  fields: { name: 'string', listen: 'string', upstream: 'string', enabled: 'bool' },
} as const;

const POPULATION = {
  ...PROXY,
  type: 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }',
  path: (field: string) => (field === 'enabled' ? '.enabled' : `.Proxy.${field}`),
} as const;

function readPopulation(
  body: Json,
  applyToxics: boolean,
): (ProxySettings & { enabled: boolean; toxics: Wanted<Toxic>[] | undefined })[] {
  if (body.kind === 'null') return [];
  if (body.kind !== 'array') throw wrongType(body.kind, `[]${POPULATION.type}`);
  const entries = body.items.map((item) => ({ ...readStruct(item, POPULATION), item }));
  return entries.map(({ name, listen = '', upstream, enabled = true, item }, at) => {
    if (!name) throw missingField(`name at proxy ${at + 1}`);
    if (!upstream) throw missingField(`upstream at proxy ${at + 1}`);
    const toxics = applyToxics ? toxicsOf(item, ` at proxy ${at + 1}`) : undefined;
    return { name, listen, upstream, enabled, toxics };
  });
}

function toxicsOf(body: Json, place = ''): Wanted<Toxic>[] | undefined {
  try {
    const bodies = toxicsField(body);
    return bodies && newToxics(bodies);
  } catch (error) {
    if (error instanceof ApiError) throw new ApiError(error.status, `${error.message}${place}`);
    throw error;
  }
}
