import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerOf } from './testing-fake-answers.ts';
import { type FakeContainer, fakeContainer } from './testing-fake-container.ts';

/**
 * The handful of an engine's calls that faults make, on a real unix socket, over containers that are entries of a map. Good
 * for what an engine answers; what a container does is tested on a real one.
 */
export interface FakeEngine {
  address: string;
  containers: Map<string, FakeContainer>;
  images: Set<string>;
  /** Every change asked for, as `POST /containers/<id>/pause`. */
  calls: string[];
  /** What programs in containers answer; ends with 0 and says nothing unless told. */
  onProgram: (argv: string[], container: FakeContainer) => { exitCode: number; output: string };
  /** Answers instead of the engine: an error of its own, or nothing happening. Undefined lets the call through. */
  sabotage: (method: string, path: string) => { status: number; message?: string } | 'hang' | undefined;
  add(name: string, overrides?: Partial<FakeContainer>): FakeContainer;
  remove(name: string): void;
  close(): Promise<void>;
}

export async function startFakeEngine(): Promise<FakeEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'engine-'));
  const socketPath = join(directory, 'docker.sock');
  const engine: FakeEngine = {
    address: `unix://${socketPath}`,
    containers: new Map(),
    images: new Set(['stampede-tools']),
    calls: [],
    onProgram: () => ({ exitCode: 0, output: '' }),
    sabotage: () => undefined,
    add(name, overrides = {}) {
      const container = { ...fakeContainer(name), ...overrides };
      engine.containers.set(container.id, container);
      return container;
    },
    remove(name) {
      for (const [id, container] of engine.containers) if (container.name === name) engine.containers.delete(id);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
  const server = createServer((request, response) => {
    void serve(engine, request, response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return engine;
}

async function serve(engine: FakeEngine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const url = new URL(request.url ?? '/', 'http://engine');
  const path = decodeURIComponent(url.pathname);
  const method = request.method ?? 'GET';
  if (method !== 'GET') engine.calls.push(`${method} ${path}`);
  const trouble = engine.sabotage(method, path);
  if (trouble === 'hang') return;
  const text = Buffer.concat(chunks).toString('utf8');
  const { status, body } = trouble
    ? { status: trouble.status, body: { message: trouble.message ?? 'sabotaged' } }
    : answerOf(engine, method, path, url.searchParams, text === '' ? {} : JSON.parse(text));
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
  if (body === undefined) response.end();
  else response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}
