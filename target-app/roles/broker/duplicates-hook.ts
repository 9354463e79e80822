import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

const orderSchema = z.strictObject({ share: z.number().gt(0).max(1), ttlMs: z.int().min(1).max(3_600_000) });

/**
 * For whoever wants to see what comes of it: for a while, a share of acknowledged jobs is delivered once more, as a broker
 * does whose own record of the acknowledgement is lost. GET, PUT and DELETE /__faults/duplicates; it ends by itself.
 */
export class DuplicatesHook {
  #share = 0;
  #endsAtMs = 0;

  serve(app: FastifyInstance): void {
    const path = '/__faults/duplicates';
    app.get(path, () => ({ share: this.#shareNow() }));
    app.put(path, (request) => {
      const { share, ttlMs } = orderSchema.parse(request.body);
      this.#share = share;
      this.#endsAtMs = Date.now() + ttlMs;
      return { share };
    });
    app.delete(path, () => {
      this.#share = 0;
      return { share: 0 };
    });
  }

  /** Those of a list that are to be delivered once more. */
  draw<Item>(items: readonly Item[]): Item[] {
    const share = this.#shareNow();
    return share === 0 ? [] : items.filter(() => Math.random() < share);
  }

  #shareNow(): number {
    return Date.now() < this.#endsAtMs ? this.#share : 0;
  }
}
