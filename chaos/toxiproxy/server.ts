import { createServer } from 'node:http';
import { api } from './api.ts';
import { EventLog } from './event-log.ts';
import { parseFirst } from './go-json.ts';
import { Metrics } from './metrics.ts';
import { Proxies } from './proxies.ts';

export interface ToxiproxyOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 lets the system choose. */
  port: number;
  /** Serves /metrics. */
  proxyMetrics?: boolean;
  /** Makes jitter, slicing and toxicity repeat: what a connection draws depends on this, its proxy and its number. */
  seed?: number;
}

export interface Toxiproxy {
  url: string;
  /** Creates the proxies of a JSON array, as POST /populate does; throws the first error. */
  populate(json: string): Promise<number>;
  /** Stops every proxy and the API. */
  close(): Promise<void>;
}

/** Starts the API; rejects when its port cannot be bound (`code` EADDRINUSE and the like). */
export async function startToxiproxy(options: ToxiproxyOptions): Promise<Toxiproxy> {
  const { host = '127.0.0.1', port, proxyMetrics = false, seed = Date.now() } = options;
  const metrics = new Metrics();
  const events = new EventLog();
  const proxies = new Proxies({ metrics, events, seed });
  const server = createServer(
    { requestTimeout: 15_000, keepAliveTimeout: 60_000 },
    api({ proxies, metrics: proxyMetrics ? metrics : undefined, events }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`expected a TCP address, got ${bound}`);
  const shownHost = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    url: `http://${shownHost}:${bound.port}`,
    populate: async (json) => {
      const { proxies: done, error } = await proxies.populate(() => parseFirst(json), {
        applyToxics: false,
      });
      if (error) throw error;
      return done.length;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await proxies.stopAll();
      server.closeAllConnections();
      await closed;
    },
  };
}
