import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { EXIT, messageOf, StampedeError } from '../../errors.ts';
import { PromqlError } from '../promql/error.ts';
import { ApiError, Parameters } from './parameters.ts';
import { apiRoutes, type Served } from './routes.ts';

export type { Served } from './routes.ts';

/** Prometheus' HTTP API over series in memory: Grafana and promtool ask it like a Prometheus. */
export interface ApiServer {
  url: string;
  close(): Promise<void>;
}

/** Serves on 127.0.0.1; port 0 lets the operating system choose. Throws StampedeError when the port is taken. */
export async function serveApi(served: Served, port: number): Promise<ApiServer> {
  const server = Fastify();
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  // Grafana may ask from the browser; there is nothing here that may not be read.
  server.addHook('onSend', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*');
  });
  addRoutes(server, served);
  for (const path of ['/-/ready', '/-/healthy']) server.get(path, () => 'Stampede is ready.\n');
  server.setNotFoundHandler((request, reply) => {
    fail(reply, new ApiError('not_found', `no such page: ${request.url.split('?', 1)[0]}; the API is below /api/v1`));
  });
  server.setErrorHandler((error, _request, reply) => fail(reply, error));
  try {
    return { url: await server.listen({ host: '127.0.0.1', port }), close: () => server.close() };
  } catch (error) {
    throw new StampedeError('serve/port', `Cannot serve on 127.0.0.1:${port}: ${messageOf(error)}`, {
      exitCode: EXIT.environment,
      hint: 'give another --port, or 0 for any that is free',
      cause: error,
    });
  }
}

function addRoutes(server: FastifyInstance, served: Served): void {
  for (const [path, route] of Object.entries(apiRoutes(served))) {
    server.route<{ Params: { name?: string } }>({
      method: ['GET', 'POST'],
      url: `/api/v1${path}`,
      async handler(request, reply) {
        const query = request.url.split('?').slice(1).join('?');
        const form = typeof request.body === 'string' ? request.body : '';
        const data = await route(new Parameters(query, form), { name: request.params.name ?? '' });
        return reply.type('application/json').send(JSON.stringify({ status: 'success', data }));
      },
    });
  }
}

const STATUS = { bad_data: 400, execution: 422, not_found: 404, internal: 500 };

function fail(reply: FastifyReply, error: unknown): void {
  const kind = error instanceof ApiError ? error.kind : error instanceof PromqlError ? error.kind : 'internal';
  reply.code(STATUS[kind]).type('application/json');
  reply.send(JSON.stringify({ status: 'error', errorType: kind, error: messageOf(error) }));
}
