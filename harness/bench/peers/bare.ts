import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { numberAt, type Peer } from './peer.ts';

/**
 * A client with nothing around it, in a closed loop: what ours costs more than this is ours. `undici` is the library our second
 * driver is made of; `net` is a socket of the runtime that writes and reads bytes without knowing what they mean.
 */
export function bare(what: 'undici' | 'net'): Peer {
  const program = fileURLToPath(new URL(`bare-${what}-program.ts`, import.meta.url));
  return {
    name: `bare-${what}`,
    version: what === 'net' ? process.version : undiciVersion(),
    closedLoop: ({ url, seconds, connections }) => ({
      command: [process.execPath, program, url, String(connections), String(seconds)],
      read: ({ stdout }) => {
        const told: unknown = JSON.parse(stdout);
        return { requests: numberAt(told, 'requests'), errors: numberAt(told, 'errors'), latency: {} };
      },
    }),
  };
}

function undiciVersion(): string {
  return (createRequire(import.meta.url)('undici/package.json') as { version: string }).version;
}
