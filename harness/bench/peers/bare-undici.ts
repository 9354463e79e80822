import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { numberAt, type Peer } from './peer.ts';

export function bareUndici(): Peer {
  const program = fileURLToPath(new URL('bare-undici-program.ts', import.meta.url));
  const { version } = createRequire(import.meta.url)('undici/package.json') as { version: string };
  return {
    name: 'bare-undici',
    version,
    closedLoop: ({ url, seconds, connections }) => ({
      command: [process.execPath, program, url, String(connections), String(seconds)],
      read: ({ stdout }) => {
        const told: unknown = JSON.parse(stdout);
        return { requests: numberAt(told, 'requests'), errors: numberAt(told, 'errors'), latency: {} };
      },
    }),
  };
}
