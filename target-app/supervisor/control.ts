import Fastify from 'fastify';
import { z } from 'zod';
import type { ManagedNode } from './managed-node.ts';

export interface Control {
  url: string;
  close(): Promise<void>;
}

interface ControlOptions {
  nodes: ReadonlyMap<string, ManagedNode>;
  /** Ends the whole target; the answer does not wait for it. */
  stop: () => void;
}

const ttlMs = z.int().min(1).max(86_400_000);
const spanMs = z.int().min(1).max(3_600_000);

/** What can be asked of a node for a time: how it begins, and how it ends before its time. */
const ORDERS = {
  hold: order(
    z.strictObject({ ttlMs }),
    (node, given) => node.hold(given.ttlMs),
    (node) => node.release(),
  ),
  pause: order(
    z.strictObject({ ttlMs }),
    (node, given) => node.pause(given.ttlMs),
    (node) => node.resume(),
  ),
  'restart-loop': order(
    z.strictObject({ everyMs: spanMs, ttlMs }),
    (node, given) => node.loopRestarts(given.everyMs, given.ttlMs),
    (node) => node.endRestartLoop(),
  ),
  'slow-start': order(
    z.strictObject({ delayMs: spanMs, ttlMs }),
    (node, given) => node.slowStarts(given.delayMs, given.ttlMs),
    (node) => node.endSlowStart(),
  ),
};
const terminateSchema = z.strictObject({ graceMs: z.int().min(0).max(3_600_000), ttlMs });

type Params = { Params: { name: string } };

/** The supervisor's API, for whoever takes nodes down on purpose and must keep it from starting them again. */
export async function startControl({ nodes, stop }: ControlOptions): Promise<Control> {
  const app = Fastify({ forceCloseConnections: true });
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof z.ZodError)) throw error;
    const problems = error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
    return reply.code(400).send({ error: 'invalid-request', problems });
  });
  const find = (name: string): ManagedNode => {
    const node = nodes.get(name);
    if (node === undefined) throw new UnknownNode(name, [...nodes.keys()]);
    return node;
  };
  app.get('/status', () => ({ nodes: [...nodes.values()].map((node) => node.status()) }));
  for (const name of ['hold', 'pause', 'restart-loop', 'slow-start'] as const) {
    const { begin, end } = ORDERS[name];
    const path = `/nodes/:name/${name}`;
    const told = (node: ManagedNode) => {
      const expiresInMs = node.ordersLeftMs[name];
      // `held`: what the answer about a hold has always said.
      return { name: node.spec.name, on: expiresInMs > 0, held: name === 'hold' && expiresInMs > 0, expiresInMs };
    };
    app.get<Params>(path, (request) => told(find(request.params.name)));
    app.put<Params>(path, (request) => {
      const node = find(request.params.name);
      begin(node, request.body);
      return told(node);
    });
    app.delete<Params>(path, (request) => {
      const node = find(request.params.name);
      end(node);
      return told(node);
    });
  }
  app.post<Params>('/nodes/:name/terminate', (request, reply) => {
    const { graceMs, ttlMs } = terminateSchema.parse(request.body);
    const node = find(request.params.name);
    node.terminate(graceMs, ttlMs);
    return reply.code(202).send(node.status());
  });
  // For a node that cannot take a connection any more: its fault hooks are told by another way.
  app.delete<Params>('/nodes/:name/faults', (request, reply) => {
    find(request.params.name).endFaultHooks();
    return reply.code(202).send({ name: request.params.name });
  });
  app.post('/stop', (_request, reply) => {
    reply.code(202).send({ stopping: true });
    stop();
  });

  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => app.close() };
}

/** Hides an order's own type, so that all can be in one table. */
function order<Given>(
  schema: z.ZodType<Given>,
  begin: (node: ManagedNode, given: Given) => void,
  end: (node: ManagedNode) => void,
) {
  return { begin: (node: ManagedNode, given: unknown) => begin(node, schema.parse(given)), end };
}

class UnknownNode extends Error {
  readonly statusCode = 404;

  constructor(name: string, known: readonly string[]) {
    super(`no node is called "${name}"; there are ${known.join(', ')}`);
  }
}
