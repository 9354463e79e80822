import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, askRaw } from './ask.ts';

/** The eyes of the contract: what one answer does otherwise than another is seen, whatever it is. */

const ID = { 'X-Toxiproxy-Request-Id': 'dc43o69ksduev5n90770' };
const RIGHT = { ...ID, 'Content-Type': 'application/json', 'Content-Length': 2 };
const ANSWERS: Record<string, (response: ServerResponse) => unknown> = {
  '/right': (response) => response.writeHead(200, RIGHT).end('{}'),
  '/status': (response) => response.writeHead(201, RIGHT).end('{}'),
  '/type': (response) => response.writeHead(200, { ...RIGHT, 'Content-Type': 'text/plain' }).end('{}'),
  '/body': (response) => response.writeHead(200, { ...RIGHT, 'Content-Length': 3 }).end('{}\n'),
  '/nosniff': (response) => response.writeHead(200, { ...RIGHT, 'X-Content-Type-Options': 'nosniff' }).end('{}'),
  '/id': (response) => response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 2 }).end('{}'),
  '/location': (response) => response.writeHead(200, { ...RIGHT, Location: '/' }).end('{}'),
  '/foreign': (response) => response.writeHead(200, { ...RIGHT, 'Access-Control-Allow-Origin': '*' }).end('{}'),
};

const server = createServer((request, response) => void ANSWERS[request.url ?? '']?.(response));
let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  url = `http://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('tells apart every answer that is not the right one', async () => {
  const right = await ask(url, { send: 'GET /right' });
  expect(await ask(url, { send: 'GET /right' })).toEqual(right);
  for (const path of Object.keys(ANSWERS).filter((each) => each !== '/right')) {
    expect(await ask(url, { send: `GET ${path}` }), path).not.toEqual(right);
  }
});

it('reads the answers on the wire one after the other', async () => {
  const asked = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  expect(await askRaw(url, asked('/right') + asked('/status') + asked('/body'), 3)).toEqual([
    '200 {}',
    '201 {}',
    '200 {}\n',
  ]);
});
