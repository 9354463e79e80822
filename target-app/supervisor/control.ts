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

const holdSchema = z.strictObject({ ttlMs: z.int().min(1).max(3_600_000) });

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
  const holdOf = (node: ManagedNode) => {
    return { name: node.spec.name, held: node.holdLeftMs > 0, expiresInMs: node.holdLeftMs };
  };

  app.get('/status', () => ({ nodes: [...nodes.values()].map((node) => node.status()) }));
  app.get<Params>('/nodes/:name/hold', (request) => holdOf(find(request.params.name)));
  app.put<Params>('/nodes/:name/hold', (request) => {
    const node = find(request.params.name);
    node.hold(holdSchema.parse(request.body).ttlMs);
    return holdOf(node);
  });
  app.delete<Params>('/nodes/:name/hold', (request) => {
    const node = find(request.params.name);
    node.release();
    return holdOf(node);
  });
  app.post('/stop', (_request, reply) => {
    reply.code(202).send({ stopping: true });
    stop();
  });

  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => app.close() };
}

class UnknownNode extends Error {
  readonly statusCode = 404;

  constructor(name: string, known: readonly string[]) {
    super(`no node is called "${name}"; there are ${known.join(', ')}`);
  }
}
