import { connect } from 'node:net';
import type { ContainerState } from './engine-answers.ts';

/**
 * A way to a container from outside of the engine: a TCP address that answered. `hello` says whether somebody behind it
 * answers (bytes or a goodbye) or only the kernel does, which goes on accepting for a process that is frozen.
 */
export interface Door {
  address: string;
  answers: boolean;
}

/** `answered`: bytes or a goodbye came. `silent`: accepted, and then nothing. `closed`: refused, or no way there. */
export type Knock = 'answered' | 'silent' | 'closed';

/**
 * The first address of a running container that accepts connections, published ports first; or of those in one network of
 * it, or of one port.
 */
export async function findDoor(
  container: ContainerState,
  signal: AbortSignal,
  only: { network?: string; port?: number } = {},
): Promise<Door | undefined> {
  for (const address of addressesOf(container, only)) {
    const knock = await knockAt(address, signal);
    if (knock !== 'closed') return { address, answers: knock === 'answered' };
  }
  return undefined;
}

/** Connects, says something that most servers have an answer to, and waits up to `KNOCK_MS`. */
export function knockAt(address: string, signal: AbortSignal): Promise<Knock> {
  const colon = address.lastIndexOf(':');
  return new Promise((resolve) => {
    let accepted = false;
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    const settle = (knock: Knock) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(knock);
    };
    const abort = () => settle(accepted ? 'silent' : 'closed');
    const timer = setTimeout(abort, KNOCK_MS);
    signal.addEventListener('abort', abort, { once: true });
    socket.on('connect', () => {
      accepted = true;
      socket.write('GET / HTTP/1.0\r\n\r\n');
    });
    socket.on('data', () => settle('answered'));
    // What published ports are behind accepts for a container that is gone, and closes at once.
    socket.on('close', () => settle(accepted && socket.bytesRead > 0 ? 'answered' : 'closed'));
    socket.on('error', () => settle('closed'));
  });
}

const KNOCK_MS = 1_000;

function addressesOf(
  { exposedTcp, publishedTcp, networks }: ContainerState,
  { network, port }: { network?: string; port?: number },
): string[] {
  const published = publishedTcp
    .filter(({ hostIp, containerPort }) => !hostIp.includes(':') && (port === undefined || containerPort === port))
    .map(({ hostIp, hostPort }) => `${hostIp === '' || hostIp === '0.0.0.0' ? '127.0.0.1' : hostIp}:${hostPort}`);
  const ports = port === undefined ? exposedTcp : [port];
  const inside = Object.entries(networks)
    .filter(([name, { ip }]) => ip !== '' && (network === undefined || name === network))
    .flatMap(([, { ip }]) => ports.map((inner) => `${ip}:${inner}`));
  return network === undefined ? [...published, ...inside] : inside;
}
