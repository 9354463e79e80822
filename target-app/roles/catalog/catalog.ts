import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PRODUCT_COUNT } from '../../price-list.ts';
import { deadlineMsOf } from '../../service/deadline.ts';
import { startDefaultMetrics } from '../../service/metrics.ts';
import { connectDatabase, rowsOf, SqlError } from '../../service/postgres.ts';
import { connectCache } from '../../service/redis.ts';
import { defineRole, listenSettings } from '../../service/role.ts';
import { createService } from '../../service/service.ts';
import { makeStaticAssets } from '../../static-assets.ts';
import { CachedRead } from './cached-read.ts';

const PAGE_SIZE = 20;
const PAGES = Math.ceil(PRODUCT_COUNT / PAGE_SIZE);
const FEATURED = 12;
const CACHE_TTL_MS = 5_000;
const CACHE_CONTROL = 's-maxage=5, stale-while-revalidate=10, stale-if-error=60';

type ProductRow = { id: number; name: string; price_cents: number; version: number };

export const catalog = defineRole({
  settings: z.strictObject({ ...listenSettings, database: z.url(), cache: z.url() }),

  async start(settings) {
    startDefaultMetrics([]);
    const database = connectDatabase({
      shard: 'catalog',
      dsn: settings.database,
      maxConnections: 16,
      maxWaiting: 256,
    });
    const cache = connectCache(settings.cache);
    const cached = new CachedRead(cache, 'catalog', CACHE_TTL_MS);
    let databaseSeen = false;

    const products = async (from: number, to: number, deadlineMs: number) => {
      const statement = {
        name: 'read_products',
        text: 'SELECT id, name, price_cents, version FROM products WHERE id BETWEEN $1 AND $2 ORDER BY id',
        values: [from, to],
      };
      const rows = rowsOf(await database.query<ProductRow>(statement, deadlineMs));
      return rows.map(({ id, name, price_cents, version }) => ({ id, name, priceCents: price_cents, version }));
    };

    const service = createService({
      service: 'catalog',
      name: settings.name,
      host: settings.host,
      port: settings.port,
      readiness: () => ({ ready: databaseSeen }),
    });
    const { app } = service;

    const respond = async (
      request: FastifyRequest,
      reply: FastifyReply,
      key: string,
      load: (deadlineMs: number) => Promise<unknown>,
    ) => {
      try {
        const body = await cached.read(key, async () => {
          const content = await load(deadlineMsOf(request.headers));
          return content === undefined ? undefined : JSON.stringify(content);
        });
        if (body === undefined) return reply.code(404).send({ error: 'not-found', message: `no ${key}` });
        const etag = `"${createHash('sha1').update(body).digest('base64url')}"`;
        reply.header('ETag', etag).header('Cache-Control', CACHE_CONTROL);
        if (request.headers['if-none-match'] === etag) return reply.code(304).send();
        return reply.type('application/json').send(body);
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        const code = error.result.kind === 'timeout' ? 504 : 503;
        return reply.code(code).send({ error: 'catalog-unavailable', message: error.message });
      }
    };

    const assets = makeStaticAssets().map((asset) => asset.path);
    app.get('/', (request, reply) =>
      respond(request, reply, 'home', async (deadlineMs) => {
        return { shop: 'reference', products: await products(1, FEATURED, deadlineMs), assets };
      }),
    );
    app.get<{ Querystring: { page?: string } }>('/v1/products', (request, reply) => {
      const page = z.coerce
        .number()
        .int()
        .min(1)
        .max(PAGES)
        .safeParse(request.query.page ?? '1');
      if (!page.success) {
        const problems = [`page: expected 1 to ${PAGES}, got "${request.query.page}"`];
        return reply.code(400).send({ error: 'invalid-query', problems });
      }
      const first = (page.data - 1) * PAGE_SIZE + 1;
      return respond(request, reply, `page ${page.data}`, async (deadlineMs) => {
        return { page: page.data, pages: PAGES, products: await products(first, first + PAGE_SIZE - 1, deadlineMs) };
      });
    });
    app.get<{ Params: { id: string } }>('/v1/products/:id', (request, reply) => {
      const id = z.coerce.number().int().min(1).safeParse(request.params.id);
      if (!id.success) {
        const problems = [`product id: expected a number of 1 or more, got "${request.params.id}"`];
        return reply.code(400).send({ error: 'invalid-query', problems });
      }
      return respond(request, reply, `product ${id.data}`, async (deadlineMs) => {
        const [product] = await products(id.data, id.data, deadlineMs);
        return product;
      });
    });

    const watch = async () => {
      // Ready once the database has answered; after that the cache and stale copies carry the catalog through.
      while (!databaseSeen) {
        const probe = { name: 'probe', text: 'SELECT 1 FROM products WHERE id = 1' };
        const result = await database.query(probe, 2_000);
        databaseSeen = result.kind === 'rows' && result.rows.length === 1;
        if (!databaseSeen) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    void watch();
    await service.listen();
    return {
      async stop() {
        await service.drain(0);
        cache.close();
        await database.close();
      },
    };
  },
});
