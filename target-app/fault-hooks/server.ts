import Fastify from 'fastify';
import { z } from 'zod';
import { FaultHooks } from './fault-hooks.ts';

/**
 * Lets whoever is on this machine make the node misbehave, each time for a time:
 *
 *     PUT    /__faults/event-loop-block   { blockMs, everyMs, ttlMs }
 *     PUT    /__faults/clock-skew         { skewMs, ttlMs }
 *     PUT    /__faults/descriptors        { leave, ttlMs }
 *     PUT    /__faults/duplicate-delivery { share, ttlMs }
 *     GET    /__faults                    what is on
 *     DELETE /__faults, /__faults/NAME    ends all, or one
 *
 * On a port of its own and on the loopback address alone, so that no request of a user ever comes here. The supervisor can
 * end all by the channel that ties the node to it: a node without descriptors takes no connection.
 */
export async function serveFaultHooks(port: number): Promise<void> {
  const hooks = new FaultHooks();
  process.on('message', (message) => {
    if (endSchema.safeParse(message).success) hooks.endAll();
  });
  const app = Fastify({ forceCloseConnections: true });
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof z.ZodError)) throw error;
    const problems = error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
    return reply.code(400).send({ error: 'invalid-request', problems });
  });
  app.get('/__faults', () => ({ faults: hooks.active() }));
  app.delete('/__faults', () => {
    hooks.endAll();
    return { faults: hooks.active() };
  });
  for (const name of FaultHooks.names) {
    app.put(`/__faults/${name}`, (request) => hooks.begin(name, request.body));
    app.delete(`/__faults/${name}`, () => {
      hooks.end(name);
      return { faults: hooks.active() };
    });
  }
  await app.listen({ host: '127.0.0.1', port });
}

const endSchema = z.strictObject({ endFaults: z.literal(true) });
