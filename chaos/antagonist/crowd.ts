import { connect, type OnReadOpts, type Socket } from 'node:net';
import { z } from 'zod';
import { openFilesLimit } from '../open-files.ts';

/**
 * What crowds share: people beside the load, who ask one server over plain HTTP/1.1. They are bounded in number by their
 * settings, and in time by the process they live in.
 */
export const MOST_CONNECTIONS = 5_000;

/** As it stands in a request. */
export const PATH = /^\/[\x21-\x7e]*$/;

export const crowdFields = {
  /** Whom they ask: scheme, host and port. */
  url: z.url({ protocol: /^http$/ }),
  path: z.string().regex(PATH),
};

export function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
}

/** A connection to the server. Its errors and its end are nobody's concern here. */
export function connectTo(url: string, onread?: OnReadOpts): Socket {
  const to = { ...addressOf(url), noDelay: true };
  const socket = connect(onread === undefined ? to : { ...to, onread });
  socket.on('error', () => {});
  return socket;
}

/** A request that leaves the connection open. */
export function questionFor(url: string, path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\nuser-agent: stampede-crowd\r\naccept: */*\r\n\r\n`;
}

/** @throws when this process may not have so many connections open */
export function assertDescriptors(connections: number): void {
  const most = openFilesLimit();
  if (connections + OWN_DESCRIPTORS <= most) return;
  const text = (count: number) => count.toLocaleString('en-US');
  throw new Error(
    `${text(connections)} connections need ${text(connections + OWN_DESCRIPTORS)} open files, and a process may have ${text(most)} (ulimit -n)`,
  );
}

/** Calls `act` for 0, 1, ... up to `count`, at an even pace over `overMs`. Resolves when the last has been called. */
export async function paced(count: number, overMs: number, act: (index: number) => void): Promise<void> {
  const startMs = performance.now();
  for (let done = 0; done < count; ) {
    const due = overMs === 0 ? count : Math.ceil(((performance.now() - startMs) / overMs) * count);
    for (; done < Math.min(due, count); done += 1) act(done);
    if (done < count) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

/** What a process has open besides: its streams, its event loop. */
const OWN_DESCRIPTORS = 50;
const TICK_MS = 10;
