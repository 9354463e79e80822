import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bytes, type Rig, rest, startRig, until } from '../test-rig.ts';
import { answer } from './answer.ts';

const add = (rig: Rig, attributes: object, more: object = {}) =>
  rig.call('POST', '/proxies/p/toxics', { type: 'answer', name: 't', stream: 'upstream', attributes, ...more });

const TOO_MANY = [
  'HTTP/1.1 429 Too Many Requests',
  'content-type: text/plain',
  'content-length: 18',
  'retry-after: 2',
  'connection: keep-alive',
  'x-toxic: answer',
  '',
  'Too Many Requests\n',
].join('\r\n');

const GET = 'GET /pay HTTP/1.1\r\nhost: x\r\n\r\n';
const SHORT_GET = 'GET / HTTP/1.1\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const SPARES_THEN_HITS = 11;

/** One answer after the other over one connection. */
async function answered(send: string[], attributes: object = { status: 429, retry_after: 2 }) {
  await using rig = await startRig();
  await add(rig, attributes);
  const { client, upstream } = await rig.pair();
  let reached = '';
  upstream.on('data', (chunk) => {
    reached += chunk;
  });
  upstream.on('end', () => upstream.end());
  for (const part of send) {
    client.write(part);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  client.end();
  const { data, how } = await rest(client);
  return { said: data.toString('latin1'), how, reached };
}

describe('the toxic answer', () => {
  it('answers in the place of the upstream, which hears of nothing, and the connection goes on', async () => {
    expect(await answered([GET, GET])).toEqual({ said: TOO_MANY + TOO_MANY, how: 'end', reached: '' });
  });

  it.each([
    ['a body of known length', ['POST /pay HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /', GET]],
    ['a body that comes in pieces', ['POST /pay HTTP/1.1\r\nContent-Length: 10\r\n\r\nGET /', ' HTTP', GET]],
    [
      'a body in chunks',
      ['POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n', '0\r\nt: 1\r\n\r\n', GET],
    ],
    ['a head that is cut anywhere', ['GE', 'T /pay HTTP/1.1\r', '\nhost: x\r\n\r', '\n', GET]],
    ['a pipeline', [GET + GET]],
    ['a pipeline that is cut anywhere', [`${GET}G`, 'ET / HTTP/1.1\r\n\r\n']],
  ])('knows the end of %s', async (_, send) => {
    expect(await answered(send)).toEqual({ said: TOO_MANY + TOO_MANY, how: 'end', reached: '' });
  });

  it('finds the same requests wherever the stream is cut in two', () => {
    const stream = `${GET}${POST}abcdPUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n4;x=y\r\nGET \r\n0\r\n\r\n${GET}`;
    for (let cut = 1; cut < stream.length; cut += 1) {
      const replies: string[] = [];
      const passed: Buffer[] = [];
      const stage = answer.stage(
        { status: 429, retry_after: 2 },
        {
          random: () => 0,
          underWay: false,
          cut: () => expect.unreachable(`nothing is to be cut, at ${cut}`),
          reply: (chunk, then) => replies.push(`${then} ${chunk}`),
        },
      );
      stage.connect({ ready: () => {} }, { push: (chunk) => passed.push(chunk) > 0, end: () => {} });
      for (const part of [stream.slice(0, cut), stream.slice(cut)]) stage.push(Buffer.from(part));
      expect(
        replies.map((reply) => reply.slice(5)),
        `cut at ${cut}`,
      ).toEqual(Array(4).fill(TOO_MANY));
      expect(replies.at(-1)).toMatch(/^next /);
      expect(passed).toEqual([]);
    }
  });

  const LONG = 3 * 1024 * 1024;
  const CHUNK = `10000;x="y"\r\n${'\n'.repeat(65_536)}\r\n`;
  it.each([
    ['of known length', `content-length: ${LONG}`, '\n'.repeat(LONG)],
    ['in chunks', 'transfer-encoding: chunked', `${CHUNK.repeat(LONG / 65_536)}0\r\nt: 1\r\n\r\n`],
  ])('throws a long body %s away before it answers, and the connection goes on', async (_, field, body) => {
    await using rig = await startRig();
    await add(rig, { status: 503 });
    const { client, upstream } = await rig.pair();
    upstream.on('end', () => upstream.end());
    client.write(`POST / HTTP/1.1\r\n${field}\r\n\r\n`);
    client.write(body);
    client.write(GET);
    expect((await bytes(client, 24)).toString()).toBe('HTTP/1.1 503 Service Una');
    client.end();
    expect((await rest(client)).data.toString()).toContain('HTTP/1.1 503 ');
    expect(await rest(upstream)).toMatchObject({ data: Buffer.alloc(0) });
  });

  it('answers HEAD without a body', async () => {
    const { said } = await answered(['HEAD / HTTP/1.1\r\n\r\n']);
    expect(said).toMatch(/content-length: 18\r\n.*\r\n\r\n$/s);
  });

  it.each([
    ['that asks for it', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n'],
    ['of HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['that waits for a word before its body', 'POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n'],
  ])('closes after a request %s', async (_, send) => {
    await using rig = await startRig();
    await add(rig, { status: 500 });
    const { client, upstream } = await rig.pair();
    client.write(send);
    expect((await rest(client)).data.toString()).toMatch(/^HTTP\/1.1 500 .*connection: close/s);
    expect(await rest(upstream)).toMatchObject({ data: Buffer.alloc(0) });
  });

  it('sends bytes that are no HTTP, and closes', async () => {
    await using rig = await startRig();
    await add(rig, {});
    const { client } = await rig.pair();
    client.write(GET);
    const { data, how } = await rest(client);
    expect(how).toBe('end');
    expect(data).toHaveLength(64);
    expect(data.every((byte) => byte >= 128)).toBe(true);
  });

  it('lets pass what is not HTTP/1, and the rest of a request that was under way before', async () => {
    expect((await answered(['\x00\x00\x00\x08', GET])).reached).toBe(`\x00\x00\x00\x08${GET}`);
    await using rig = await startRig();
    const { client, upstream } = await rig.pair();
    client.write(POST);
    await bytes(upstream, POST.length);
    await add(rig, { status: 500 });
    client.write('body');
    expect((await bytes(upstream, 4)).toString()).toBe('body');
    upstream.write('HTTP/1.1 200 OK\r\n\r\n');
    await bytes(client, 19);
    client.write(GET);
    expect((await bytes(client, 12)).toString()).toBe('HTTP/1.1 500');
  });

  it('lets a request go its way when it is removed before all of it has come; the connection lives on', async () => {
    await using rig = await startRig();
    await add(rig, { status: 500 });
    const { client, upstream } = await rig.pair();
    client.write(GET);
    expect((await bytes(client, 12)).toString()).toBe('HTTP/1.1 500');
    client.write(`${POST}bo`);
    const came = () => rig.metric('toxiproxy_proxy_received_bytes_total', { direction: 'upstream' });
    await until('it is held', async () => (await came()) >= (GET + POST).length + 2);
    await rig.remove('t');
    client.write('dy');
    expect((await bytes(upstream, POST.length + 4)).toString()).toBe(`${POST}body`);
    upstream.write('HTTP/1.1 204 No Content\r\n\r\n');
    client.end();
    upstream.end();
    expect((await rest(client)).data.toString()).toMatch(/Error\nHTTP\/1.1 204 No Content\r\n\r\n$/);
  });

  it('hits its share of the requests on one keep-alive connection, and its lease ends it', async () => {
    await using rig = await startRig({ seed: 3 });
    const server = createServer((_, response) => response.end('ok'));
    const to = await listening(server);
    await rig.call('PATCH', '/proxies/p', { upstream: `127.0.0.1:${to}`, enabled: true });
    await add(rig, { status: 429 }, { toxicity: 0.5, ttlMs: 60_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const statuses: number[] = [];
      for (let turn = 0; turn < 40; turn += 1) statuses.push(await statusOf(rig.port, agent));
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(8);
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(8);
      await rig.call('POST', '/proxies/p/toxics/t/lease', { ttlMs: 1 });
      await until('the lease has ended', async () => !(await rig.call('GET', '/proxies/p')).includes('"answer"'));
      for (let turn = 0; turn < 10; turn += 1) expect(await statusOf(rig.port, agent)).toBe(200);
    } finally {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    }
  });

  it('takes the body after 100 Continue for no request of its own, so that none is held', async () => {
    // With this seed the toxic spares the first request of a connection, and would hit a second one.
    await using rig = await startRig({ seed: SPARES_THEN_HITS });
    await add(rig, { status: 429 }, { toxicity: 0.5 });
    const { client, upstream } = await rig.pair();
    const head = 'PUT / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n';
    client.write(head);
    await bytes(upstream, head.length);
    upstream.write(CONTINUE);
    await bytes(client, CONTINUE.length);
    client.write('text');
    expect((await bytes(upstream, 4)).toString()).toBe('text');
    upstream.write('HTTP/1.1 204 No Content\r\n\r\n');
    await bytes(client, 27);
    client.write(GET);
    expect((await bytes(client, 12)).toString()).toBe('HTTP/1.1 429');
  });

  it.each([
    ['alone', []],
    [
      'between toxics that hold what passes',
      [
        { type: 'slicer', stream: 'upstream', attributes: { average_size: 60_000 } },
        { type: 'slicer', stream: 'downstream', attributes: { average_size: 60_000 } },
      ],
    ],
  ])('holds back a client that asks without end and does not read: %s', async (_, others) => {
    await using rig = await startRig();
    for (const toxic of others) await rig.call('POST', '/proxies/p/toxics', toxic);
    await add(rig, { status: 429, retry_after: 2 });
    const { client } = await rig.pair();
    const requests = 100_000;
    client.write(SHORT_GET.repeat(requests));
    const came = () => rig.metric('toxiproxy_proxy_received_bytes_total', { direction: 'upstream' });
    let before = -1;
    let unchanged = 0;
    await until('nothing moves any more', async () => {
      const now = await came();
      unchanged = now > 0 && now === before ? unchanged + 1 : 0;
      before = now;
      return unchanged >= 20;
    });
    // All answers have 15 MB. The kernel's buffers take 10 MB at most by default, the proxy hardly any.
    expect(before).toBeLessThan(0.9 * requests * SHORT_GET.length);
    const answers = await bytes(client, requests * TOO_MANY.length);
    expect(answers.equals(Buffer.from(TOO_MANY.repeat(requests)))).toBe(true);
  });

  it('is refused with what was expected, and told with what it is', async () => {
    await using rig = await startRig();
    await expect(add(rig, { status: 99 })).rejects.toThrow('status: expected 0 or 200 to 599, got 99');
    await expect(add(rig, { status: 429 }, { stream: 'downstream' })).rejects.toThrow('answer works upstream only');
    expect(JSON.parse(await add(rig, { status: 429 }, { per: 'link' }))).toMatchObject({
      attributes: { status: 429, retry_after: 0 },
      per: 'request',
    });
    expect(JSON.parse(await rig.call('GET', '/extensions'))).toMatchObject({ answer: 1 });
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function statusOf(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', agent });
    asking.once('response', (response) => response.resume().once('end', () => resolve(response.statusCode ?? 0)));
    asking.once('error', reject);
    asking.end();
  });
}
