import { createServer } from 'node:http';
import { formatAddress, resolveAddress } from './address.ts';
import { api } from './api.ts';
import { loadConfig } from './config-file.ts';
import { EventLog } from './event-log.ts';
import { listening } from './listening.ts';
import { type Log, NO_LOG } from './log.ts';
import { Metrics } from './metrics.ts';
import { Proxies } from './proxies.ts';
import { RequestsUnderWay } from './requests-under-way.ts';
import { runtimeMetrics } from './runtime-metrics.ts';

export interface ToxiproxyOptions {
  /** Default 127.0.0.1. A name stands for its IPv4 address if it has one. */
  host?: string;
  /** 0 lets the system choose. */
  port: number;
  /** A JSON file: its proxies are there before the API is. */
  config?: string | undefined;
  /** Serves /metrics, with those of the proxies. */
  proxyMetrics?: boolean;
  /** Serves /metrics, with those of the process. */
  runtimeMetrics?: boolean;
  /** Makes jitter, slicing and toxicity repeat: what a connection draws depends on this, its proxy and its number. */
  seed?: number | undefined;
  log?: Log;
}

export interface Toxiproxy {
  url: string;
  /** Creates the proxies of a JSON array, as POST /populate does; throws the first error. */
  populate(json: string): Promise<number>;
  /** Takes nobody new, answers what was asked, for 30 s at most, then cuts every connection. */
  close(): Promise<void>;
}

/** Starts the API; rejects when its port cannot be bound (`code` EADDRINUSE and the like). */
export async function startToxiproxy(options: ToxiproxyOptions): Promise<Toxiproxy> {
  const { host = '127.0.0.1', port, seed = Date.now(), log = NO_LOG } = options;
  const metrics = new Metrics();
  const events = new EventLog();
  const proxies = new Proxies({ metrics, events, seed, log });
  if (options.config !== undefined) await loadConfig(options.config, proxies, log);
  const underWay = new RequestsUnderWay();
  const handler = api({ proxies, metricsPage: metricsPage(options, metrics, proxies), events, log });
  const server = createServer(HTTP_LIMITS, (request, response) => {
    underWay.add(response);
    handler(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end(NO_REQUEST);
  });
  try {
    const resolved = await resolveAddress(formatAddress({ host, port }));
    await listening(server, { port, ...(resolved.host === '' ? {} : { host: resolved.host }) }, ({ message }) =>
      log.error('Unable to accept a client of the API', { error: message }),
    );
  } catch (error) {
    await proxies.stopAll();
    throw error;
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`expected a TCP address, got ${bound}`);
  return {
    url: `http://${formatAddress({ host: bound.address, port: bound.port })}`,
    populate: async (json) => {
      const { proxies: done, error } = await proxies.populateFrom(json);
      if (error) throw error;
      return done.length;
    },
    close: async () => {
      proxies.closeListeners();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await underWay.none(SHUTDOWN_MS);
      await proxies.stopAll();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Those of the original. A request without a host is answered by the API. */
const HTTP_LIMITS = {
  requestTimeout: 15_000,
  keepAliveTimeout: 60_000,
  maxHeaderSize: 1024 * 1024,
  requireHostHeader: false,
};

/** To what is no HTTP at all. */
const NO_REQUEST =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request';

/** As long as the original waits. */
const SHUTDOWN_MS = 30_000;

/** Undefined when no metrics are wanted: then there is no such page. */
function metricsPage(
  options: ToxiproxyOptions,
  metrics: Metrics,
  proxies: Proxies,
): (() => Promise<string>) | undefined {
  const ofProxies = () => metrics.text(proxies.all().map((proxy) => proxy.gauges));
  const ofProcess = options.runtimeMetrics ? runtimeMetrics() : undefined;
  if (!options.proxyMetrics) return ofProcess;
  return async () => `${ofProxies()}${ofProcess ? await ofProcess() : ''}`;
}
