import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from './contract/contestant.ts';
import { listening } from './listening.ts';
import { startToxiproxy } from './server.ts';

it('leaves no proxy of its file behind when its own port is taken', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'toxiproxy-'));
  const taken = createServer();
  await listening(taken, { port: 0, host: '127.0.0.1' });
  const { port } = taken.address() as AddressInfo;
  const listen = await freePort('server');
  const config = join(folder, 'proxies.json');
  await writeFile(config, JSON.stringify([{ name: 'p', listen: `127.0.0.1:${listen}`, upstream: '127.0.0.1:9' }]));
  try {
    await expect(startToxiproxy({ port, config })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const [error] = await once(connect(listen, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  } finally {
    taken.close();
    await rm(folder, { recursive: true });
  }
});

it('goes on after errors of its listener', async () => {
  const server = createServer();
  const told: string[] = [];
  await listening(server, { port: 0, host: '127.0.0.1' }, ({ message }) => told.push(message));
  for (const message of ['accept EMFILE', 'accept EMFILE again']) server.emit('error', new Error(message));
  expect(told).toEqual(['accept EMFILE', 'accept EMFILE again']);
  expect(server.listening).toBe(true);
  server.close();
});
