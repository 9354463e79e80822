import { createServer, type Server } from 'node:net';

/** Below every system's ephemeral ports, so that no outgoing connection can take a node's port while it is down. */
const LOWEST = 12_000;
const HIGHEST = 31_999;
const TRIES = 2_000;

/** Ports that are free now, each held by a listener until it is given to whoever is to use it. */
export class PortReservation {
  readonly #held = new Map<number, Server>();

  /** @throws when there are none left */
  async take(): Promise<number> {
    for (let tries = 0; tries < TRIES; tries++) {
      const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
      if (await this.takeThis(port)) return port;
    }
    throw new Error(`found no free port in ${TRIES} tries between ${LOWEST} and ${HIGHEST}`);
  }

  /** False when somebody has it. */
  async takeThis(port: number): Promise<boolean> {
    // Whoever connects too early must find nobody, and must not keep the listener from closing.
    const server = createServer((socket) => socket.destroy());
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
    });
    if (free) this.#held.set(port, server);
    return free;
  }

  async release(ports: Iterable<number> = [...this.#held.keys()]): Promise<void> {
    for (const port of ports) {
      const server = this.#held.get(port);
      this.#held.delete(port);
      if (server !== undefined) await new Promise((resolve) => server.close(resolve));
    }
  }
}
