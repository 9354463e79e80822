import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { describeApiContract } from './api-contract.ts';
import { startToxiproxy } from './server.ts';

describeApiContract('the embedded server', async () => {
  const server = await startToxiproxy({ port: 0 });
  return { ...server, original: false };
});

/** The path of a toxiproxy-server 2.12.0 binary: the same requests are sent to it. */
const original = process.env.TOXIPROXY_SERVER;
if (original !== undefined) {
  describeApiContract('the original', async () => {
    const port = await unusedPort();
    const server = spawn(original, ['-host', '127.0.0.1', '-port', `${port}`], { stdio: 'ignore' });
    const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    const url = `http://127.0.0.1:${port}`;
    await ready(url);
    return {
      url,
      original: true,
      close: async () => {
        server.kill('SIGTERM');
        await exited;
      },
    };
  });
}

async function unusedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const bound = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  if (bound === null || typeof bound === 'string') throw new Error(`expected a TCP address, got ${bound}`);
  return bound.port;
}

async function ready(url: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (performance.now() < deadlineMs) {
    const answer = await fetch(`${url}/version`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`expected ${url}/version to answer within 10000 ms`);
}
