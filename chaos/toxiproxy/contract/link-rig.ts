import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ask } from './ask.ts';
import { freePort } from './contestant.ts';

/** A proxy of its own on a server, in front of an upstream whose side of every connection the test holds. */
export class LinkRig implements AsyncDisposable {
  readonly #url: string;
  readonly #name: string;
  readonly #upstream: Server;
  readonly #sockets = new Set<Socket>();
  readonly #arrived: Socket[] = [];
  readonly #waiting: ((socket: Socket) => void)[] = [];
  /** Where the proxy listens. */
  readonly port: number;

  private constructor(url: string, name: string, port: number, upstream: Server) {
    this.#url = url;
    this.#name = name;
    this.port = port;
    this.#upstream = upstream;
    upstream.on('connection', (socket) => {
      this.#track(socket);
      const next = this.#waiting.shift();
      if (next) next(socket);
      else this.#arrived.push(socket);
    });
  }

  static async start(url: string, name: string): Promise<LinkRig> {
    const upstream = createServer({ allowHalfOpen: true, noDelay: true });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const rig = new LinkRig(url, name, await freePort('links'), upstream);
    const body = { name, listen: `127.0.0.1:${rig.port}`, upstream: portOf(upstream) };
    await rig.call('POST', '/proxies', body);
    return rig;
  }

  /** A request that must be granted; paths begin at the proxy but for those that begin with a slash. */
  async call(method: string, path: string, body?: unknown): Promise<string> {
    const line = path.startsWith('/') ? `${method} ${path}` : `${method} /proxies/${this.#name}${path && `/${path}`}`;
    const answer = await ask(this.#url, { send: line, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${answer.body}`);
    return answer.body;
  }

  async add(type: string, attributes: Record<string, number> = {}, more: object = {}): Promise<void> {
    await this.call('POST', 'toxics', { type, attributes, ...more });
  }

  /** Received and sent bytes of the upstream, then of the downstream direction; undefined what is not counted. */
  async counted(): Promise<(number | undefined)[]> {
    const { body } = await ask(this.#url, { send: 'GET /metrics' });
    return ['upstream', 'downstream'].flatMap((direction) =>
      ['received', 'sent'].map((what) => {
        const line = body
          .split('\n')
          .find(
            (candidate) =>
              candidate.startsWith(`toxiproxy_proxy_${what}_bytes_total{direction="${direction}"`) &&
              candidate.includes(`proxy="${this.#name}"`),
          );
        return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
      }),
    );
  }

  /** Both ends of a new connection. */
  async pair(): Promise<Pair> {
    const client = this.connect();
    await once(client, 'connect');
    const upstream = this.#arrived.shift() ?? (await new Promise<Socket>((resolve) => this.#waiting.push(resolve)));
    return { client, upstream };
  }

  connect(): Socket {
    const client = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#track(client);
    return client;
  }

  /** From now on nobody listens behind the proxy. */
  async endUpstream(): Promise<void> {
    if (this.#upstream.listening) this.#upstream.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.endUpstream();
    await ask(this.#url, { send: `DELETE /proxies/${this.#name}` });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

export interface Pair {
  client: Socket;
  upstream: Socket;
}

function portOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`expected a TCP address, got ${bound}`);
  return `127.0.0.1:${bound.port}`;
}
