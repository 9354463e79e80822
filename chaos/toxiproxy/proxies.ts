import { ApiError, missingField, proxyAlreadyExists, proxyNotFound } from './api-error.ts';
import { type Json, toJson } from './go-json.ts';
import { readStruct, wrongType } from './go-struct.ts';
import type { Metrics } from './metrics.ts';
import { type ProxySettings, TcpProxy } from './tcp-proxy.ts';

/** Every proxy of a server. Changes to the set, and starts and stops, happen one after the other. */
export class Proxies {
  readonly #surroundings: { metrics: Metrics; seed: number };
  readonly #byName = new Map<string, TcpProxy>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(surroundings: { metrics: Metrics; seed: number }) {
    this.#surroundings = surroundings;
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

  create(body: Json): Promise<TcpProxy> {
    return this.#inTurn(async () => {
      const given = readStruct(body, PROXY);
      if (!given.name) throw missingField('name');
      if (!given.upstream) throw missingField('upstream');
      if (this.#byName.has(given.name)) throw proxyAlreadyExists();
      const settings = { name: given.name, listen: given.listen ?? '', upstream: given.upstream };
      return this.#add(settings, given.enabled ?? true);
    });
  }

  update(name: string, body: Json): Promise<TcpProxy> {
    return this.#inTurn(async () => {
      const proxy = this.get(name);
      const { name: _, ...changes } = readStruct(body, PROXY);
      await proxy.update({ ...proxy.settings, ...changes });
      return proxy;
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.get(name).stop();
      this.#byName.delete(name);
    });
  }

  /** Starts every proxy and removes every toxic. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.all()) {
        await proxy.start();
        proxy.removeToxics();
      }
    });
  }

  /**
   * Creates what is missing and replaces what has another address; what is there already stays as it is. The first
   * failure, reading the body included, ends it: the answer holds the proxies done so far and the error.
   */
  populate(body: () => Json): Promise<{ proxies: TcpProxy[]; error?: ApiError }> {
    return this.#inTurn(async () => {
      const proxies: TcpProxy[] = [];
      try {
        for (const { enabled, ...settings } of readPopulation(body())) {
          proxies.push(await this.#addOrReplace(settings, enabled));
        }
      } catch (error) {
        return { proxies, error: asApiError(error) };
      }
      return { proxies };
    });
  }

  async stopAll(): Promise<void> {
    await this.#inTurn(async () => {
      for (const proxy of this.#byName.values()) proxy.stop();
    });
  }

  async #addOrReplace(settings: ProxySettings, enabled: boolean): Promise<TcpProxy> {
    const existing = this.#byName.get(settings.name);
    if (existing) {
      if (!(await existing.differs(settings))) return existing;
      existing.stop();
    }
    return this.#add(settings, enabled);
  }

  async #add(settings: ProxySettings, enabled: boolean): Promise<TcpProxy> {
    const proxy = new TcpProxy(settings, this.#surroundings);
    if (enabled) await proxy.start();
    this.#byName.set(proxy.name, proxy);
    return proxy;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** What is not an error of the API is one of the system: a port in use, a name that cannot be looked up. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(500, error instanceof Error ? error.message : String(error));
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

function readPopulation(body: Json): (ProxySettings & { enabled: boolean })[] {
  if (body.kind === 'null') return [];
  if (body.kind !== 'array') throw wrongType(body.kind, `[]${POPULATION.type}`);
  const entries = body.items.map((item) => readStruct(item, POPULATION));
  return entries.map(({ name, listen = '', upstream, enabled = true }, at) => {
    if (!name) throw missingField(`name at proxy ${at + 1}`);
    if (!upstream) throw missingField(`upstream at proxy ${at + 1}`);
    return { name, listen, upstream, enabled };
  });
}
