import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Script = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>;

/** A server that does what a test tells it, and remembers what it was asked. It can go away and come back. For tests. */
export class ScriptedServer {
  readonly asked: { method: string; path: string }[] = [];
  /** What answers /livez and /readyz; everything else is the script's. */
  healthy = true;
  script: Script;
  #server: Server | undefined;
  #port = 0;

  private constructor(script: Script) {
    this.script = script;
  }

  static async start(script: Script, port = 0): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    server.#port = port;
    await server.listen();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.#port };
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (bytes) => {
        body += String(bytes);
      });
      request.on('end', () => void this.#answer(request, response, body));
    });
    server.keepAliveTimeout = 70_000;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Connections are reset, new ones are refused. */
  async vanish(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
    this.#server = undefined;
  }

  /** Requests for a path. */
  count(path: string, method = 'GET'): number {
    return this.asked.filter((one) => one.path === path && one.method === method).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const path = request.url ?? '';
    if (path === '/livez' || path === '/readyz') {
      response.writeHead(this.healthy ? 200 : 503).end('{}');
      return;
    }
    this.asked.push({ method: request.method ?? '', path });
    await this.script(request, response, body);
  }
}
