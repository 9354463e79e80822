import { createServer, type Socket } from 'node:net';
import { z } from 'zod';
import { counter, gauge, startDefaultMetrics } from '../../service/metrics.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { nowMs } from '../../service/wall-clock.ts';
import { type CommandContext, runCommand } from './commands.ts';
import { LruStore } from './lru-store.ts';
import { RespError, RespParser } from './resp-parser.ts';
import { encodeReply } from './resp-writer.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** A Redis-compatible cache on `--port`; health and metrics over HTTP on `--http-port`. */
export const cache = defineRole({
  settings: z.strictObject({ ...listenSettings, httpPort: listenSettings.port }),

  async start(settings) {
    startDefaultMetrics([]);
    const commands = counter('cache_commands_total', 'Commands run.', []);
    const reads = counter('cache_requests_total', 'Keys read.', ['cache', 'result']);
    const evictions = counter('cache_evictions_total', 'Keys that made room for others.', ['cache', 'reason']);
    const entries = gauge('cache_entries', 'Keys held.', []);
    const bytes = gauge('cache_bytes', 'Memory used by keys and values.', []);
    const store = new LruStore(MAX_BYTES, nowMs);
    const hits = reads.labels(settings.name, 'hit');
    const misses = reads.labels(settings.name, 'miss');
    const context: CommandContext = {
      store,
      nowMs,
      startedAtMs: nowMs(),
      hit: () => hits.inc(),
      miss: () => misses.inc(),
    };

    const service = createService({
      service: 'cache',
      name: settings.name,
      host: settings.host,
      port: settings.httpPort,
      readiness: () => ({ ready: server.listening }),
    });
    let evictedBefore = 0;
    const sampler = setInterval(() => {
      entries.set(store.size);
      bytes.set(store.bytes);
      evictions.inc({ cache: settings.name, reason: 'memory' }, store.evicted - evictedBefore);
      evictedBefore = store.evicted;
    }, 1_000);

    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      const parser = new RespParser();
      socket.on('close', () => sockets.delete(socket));
      // A client that goes away is no news.
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        try {
          socket.cork();
          for (const words of parser.push(chunk)) {
            commands.inc();
            if (words[0]?.toString('latin1').toUpperCase() === 'QUIT') {
              socket.end('+OK\r\n');
              return;
            }
            socket.write(encodeReply(runCommand(words, context)));
          }
        } catch (error) {
          if (!(error instanceof RespError)) throw error;
          socket.end(encodeReply({ kind: 'error', message: `ERR Protocol error: ${error.message}` }));
        } finally {
          socket.uncork();
        }
        // Who asks without reading the answers is not asked for more questions.
        if (socket.writableNeedDrain) {
          socket.pause();
          socket.once('drain', () => socket.resume());
        }
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(settings.port, settings.host, 1_024, resolve);
    });
    await service.listen();
    return {
      async stop() {
        clearInterval(sampler);
        server.close();
        for (const socket of sockets) socket.destroy();
        await service.drain(0);
      },
    };
  },
});
