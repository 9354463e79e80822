import { once } from 'node:events';
import type { ListenOptions, Server } from 'node:net';

/**
 * Binds a server; rejects with the error of the system. What goes wrong later (out of file descriptors: the client at hand
 * is lost) does not end it.
 */
export async function listening(
  server: Server,
  at: ListenOptions,
  onLater: (error: Error) => void = () => {},
): Promise<void> {
  server.listen(at);
  await once(server, 'listening');
  server.on('error', onLater);
}
