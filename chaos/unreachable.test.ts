import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { Unreachable, unanswered } from './unreachable.ts';

async function listening(): Promise<{ url: string; close(): void }> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

const failureOf = (url: string) =>
  fetch(url).then(
    () => undefined,
    (error: unknown) => error,
  );

it('takes one that refuses connections for gone', async () => {
  const { url, close } = await listening();
  close();
  const why = await unanswered('the fault proxy', url, await failureOf(url));
  expect(why).toBeInstanceOf(Unreachable);
  expect(why.message).toBe('the fault proxy does not answer');
});

it('takes one that hangs up for there, though fetch says the same of both', async () => {
  const { url, close } = await listening();
  const why = await unanswered('the fault proxy', url, await failureOf(url));
  expect(why).not.toBeInstanceOf(Unreachable);
  expect(why.message).toMatch(/^the fault proxy could not be asked: /);
  close();
});

it('takes a name that nobody knows for unknown, not for gone', async () => {
  const why = await unanswered('it', 'http://nobody.invalid:80', new TypeError('fetch failed'));
  expect(why).not.toBeInstanceOf(Unreachable);
});
