import { connect, type Socket } from 'node:net';
import type { Address } from './address.ts';
import { FirstAnswer } from './first-answer.ts';
import { Link } from './link.ts';
import type { Counters } from './metrics.ts';
import type { Random } from './random.ts';
import type { Direction, Toxic } from './toxic.ts';

export interface ConnectionOptions {
  client: Socket;
  upstream: Address;
  toxics(direction: Direction): readonly Toxic[];
  counters(direction: Direction): Counters;
  random(direction: Direction): Random;
  /** The upstream could not be connected to; `onClosed` follows. */
  onUnreached(why: string): void;
  /** Called once, when both sockets are gone. */
  onClosed(connection: Connection): void;
}

/** Longer than a slow dial through a tunnel, shorter than the kernel's two minutes. */
const DIAL_TIMEOUT_MS = 10_000;

/**
 * An accepted client, its own connection to the upstream, and a link for each direction. A FIN passes on alone, so a
 * half-closed connection keeps its other half.
 */
export class Connection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #options: ConnectionOptions;
  readonly #dialTimer: NodeJS.Timeout;
  #links: Link[] = [];
  #openSockets = 2;
  /** Once it has begun what the client sends next is another request. */
  #answer = new FirstAnswer();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = options.client;
    const { host, port } = options.upstream;
    this.#upstream = connect({ host: host || 'localhost', port, allowHalfOpen: true, noDelay: true });
    this.#dialTimer = setTimeout(() => {
      options.onUnreached(`no answer in ${DIAL_TIMEOUT_MS} ms`);
      this.destroy();
    }, DIAL_TIMEOUT_MS);
    this.#upstream.once('error', (error) => {
      if (this.#links.length === 0) options.onUnreached(error.message);
    });
    this.#upstream.once('connect', () => this.#start());
    this.#watch(this.#client);
    this.#watch(this.#upstream);
  }

  /** The links of a direction: none before the upstream has answered. */
  links(direction: Direction): Link[] {
    return this.#links.filter((link) => link.direction === direction);
  }

  /** Cuts both sockets at once. */
  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #start(): void {
    clearTimeout(this.#dialTimer);
    if (this.#client.destroyed) {
      this.destroy();
      return;
    }
    this.#links = [
      this.#link('upstream', this.#client, this.#upstream),
      this.#link('downstream', this.#upstream, this.#client),
    ];
    // Accepted paused: nothing was read before there was somewhere to put it.
    this.#client.resume();
  }

  #link(direction: Direction, source: Socket, sink: Socket): Link {
    const { toxics, counters, random } = this.#options;
    const link = new Link(direction, toxics(direction), {
      source,
      sink,
      counters: counters(direction),
      random: random(direction),
      close: (how) => this.#close(how),
      reply: (chunk, then) => this.#reply(chunk, then),
      onReady: () => {
        if (direction === 'downstream') for (const asked of this.links('upstream')) asked.repliesReady();
      },
    });
    let failed = false;
    source.on('data', (chunk: Buffer) => {
      if (direction === 'downstream') this.#answer.receive(chunk);
      else if (this.#answer.begun) this.#requestBegins();
      link.receive(chunk);
    });
    source.once('end', () => link.sourceEnded('fin'));
    source.once('error', () => {
      failed = true;
    });
    source.once('close', () => link.sourceEnded(failed ? 'error' : 'gone'));
    sink.on('drain', () => link.sinkReady());
    sink.once('close', () => link.discard());
    return link;
  }

  #reply(chunk: Buffer, then: 'next' | 'more' | 'close'): boolean {
    if (then === 'next') this.#answer.receive(chunk);
    return this.links('downstream').every((link) => link.inject(chunk, then === 'close'));
  }

  #requestBegins(): void {
    this.#answer = new FirstAnswer();
    for (const link of this.#links) link.requestBegins();
  }

  #watch(socket: Socket): void {
    // A failed dial or a peer's RST: what follows from it hangs on 'close'.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#openSockets -= 1;
      if (this.#links.length === 0) this.destroy();
      if (this.#openSockets > 0) return;
      clearTimeout(this.#dialTimer);
      this.#options.onClosed(this);
    });
  }

  #close(how: 'close' | 'reset'): void {
    for (const socket of [this.#client, this.#upstream]) {
      if (how === 'reset') reset(socket);
      else socket.destroySoon();
    }
  }
}

function reset(socket: Socket): void {
  if (socket.destroyed) return;
  // A FIN that still waits behind unsent data cannot be turned into an RST.
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
