import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

/**
 * Requests and the exact answers to them, as the original gives them. The suite runs against any server: the embedded one
 * always, the original when there is one to start.
 */
export function describeApiContract(name: string, start: () => Promise<Contestant>): void {
  describe(`${name} answers as Toxiproxy 2.12.0 does`, () => {
    let contestant: Contestant;
    let ports: Ports;
    beforeAll(async () => {
      contestant = await start();
      ports = { a: await freePort(), b: await freePort(), api: Number(new URL(contestant.url).port) };
    });
    afterAll(() => contestant.close());
    beforeEach(async () => {
      const all = await (await fetch(`${contestant.url}/proxies`)).json();
      for (const proxy of Object.keys(z.record(z.string(), z.unknown()).parse(all))) {
        await fetch(`${contestant.url}/proxies/${encodeURIComponent(proxy)}`, { method: 'DELETE' });
      }
    });

    for (const [title, steps] of Object.entries(CONTRACT)) {
      it(title, async () => {
        for (const step of steps(ports)) {
          if (contestant.original && step.embeddedOnly) continue;
          const [method, path] = step.send.split(' ');
          const answer = await fetch(`${contestant.url}${path}`, {
            method: method ?? '',
            redirect: 'manual',
            ...(step.body === undefined ? {} : { body: step.body }),
            ...(step.headers === undefined ? {} : { headers: step.headers }),
          });
          const seen = {
            status: answer.status,
            type: answer.headers.get('content-type'),
            nosniff: answer.headers.has('x-content-type-options'),
            body: (await answer.text()).replace('{"version": "git"}', '{"version": "2.12.0"}'),
          };
          expect(seen, `${step.send} ${step.body ?? ''}`).toEqual({ nosniff: false, ...step.answers });
          expect(answer.headers.has('x-toxiproxy-request-id'), `${step.send}: request id`).toBe(step.routed ?? true);
        }
      });
    }
  });
}

export interface Contestant {
  url: string;
  /** True for the original: what crashes it is not asked of it. */
  original: boolean;
  close(): Promise<void>;
}

interface Ports {
  a: number;
  b: number;
  api: number;
}

interface Step {
  send: string;
  body?: string;
  headers?: Record<string, string>;
  answers: { status: number; type: string | null; nosniff?: boolean; body: string };
  /** Whether the request got as far as a handler; default true. */
  routed?: boolean;
  /** Where the original crashes, or cannot do it. */
  embeddedOnly?: boolean;
}

const UPSTREAM = '127.0.0.1:9';

const ok = (body: string) => ({ status: 200, type: 'application/json', body });
const created = (body: string) => ({ status: 201, type: 'application/json', body });
const gone = { status: 204, type: null, body: '' };
const text = (status: number, body: string) => ({
  status,
  type: 'text/plain; charset=utf-8',
  nosniff: true,
  body,
});
const error = (status: number, message: string) =>
  text(status, `{"error":${JSON.stringify(message)},"status":${status}}\n`);
const badBody = (why: string) => error(400, `bad request body: ${why}`);

const proxy = (name: string, port: number, toxics = '', more: { enabled?: boolean; upstream?: string } = {}) => {
  const { enabled = true, upstream = UPSTREAM } = more;
  const head = `"name":"${name}","listen":"127.0.0.1:${port}","upstream":"${upstream}"`;
  return `{${head},"enabled":${enabled},"Logger":{},"toxics":[${toxics}]}`;
};
const create = (name: string, port: number) => ({
  send: 'POST /proxies',
  body: `{"name":"${name}","listen":"127.0.0.1:${port}","upstream":"${UPSTREAM}"}`,
  answers: created(proxy(name, port)),
});
const toxic = (attributes: string, type: string, more: { name?: string; stream?: string; toxicity?: number } = {}) => {
  const { stream = 'downstream', name = `${type}_${stream}`, toxicity = 1 } = more;
  return `{"attributes":${attributes},"name":"${name}","type":"${type}","stream":"${stream}","toxicity":${toxicity}}`;
};

const CONTRACT: Record<string, (ports: Ports) => Step[]> = {
  'tells its version': () => [
    {
      send: 'GET /version',
      answers: { status: 200, type: 'application/json;charset=utf-8', body: '{"version": "2.12.0"}\n' },
    },
  ],

  'creates, lists, shows and deletes proxies': ({ a, b }) => [
    { send: 'GET /proxies', answers: ok('{}') },
    create('p', a),
    { send: 'GET /proxies/p', answers: ok(proxy('p', a)) },
    create('a', b),
    { send: 'GET /proxies', answers: ok(`{"a":${proxy('a', b)},"p":${proxy('p', a)}}`) },
    { send: 'DELETE /proxies/p', answers: gone },
    { send: 'GET /proxies', answers: ok(`{"a":${proxy('a', b)}}`) },
    { send: 'GET /proxies/p', answers: error(404, 'proxy not found') },
    { send: 'DELETE /proxies/p', answers: error(404, 'proxy not found') },
    { send: 'PATCH /proxies/p', body: '{}', answers: error(404, 'proxy not found') },
  ],

  'keeps the listen text of a proxy created disabled': ({ a }) => [
    {
      send: 'POST /proxies',
      body: `{"name":"p","listen":"localhost:${a}","upstream":"${UPSTREAM}","enabled":false}`,
      answers: created(
        `{"name":"p","listen":"localhost:${a}","upstream":"${UPSTREAM}","enabled":false,"Logger":{},"toxics":[]}`,
      ),
    },
    { send: 'PATCH /proxies/p', body: '{"enabled":true}', answers: ok(proxy('p', a)) },
  ],

  'reads names in any case, ignores what it does not know and what follows the first value': ({ a }) => [
    {
      send: 'POST /proxies',
      body: `{"NAME":"p","Listen":"127.0.0.1:${a}","upSTREAM":"${UPSTREAM}","toxics":[{"type":"latency"}],"x":1} rubbish`,
      headers: { 'content-type': 'text/plain' },
      answers: created(proxy('p', a)),
    },
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"latency","tocixity":0.5,"attributes":{"LATENCY":7,"latancy":9}}',
      answers: ok(toxic('{"latency":7,"jitter":0}', 'latency')),
    },
  ],

  'escapes what Go escapes': ({ a }) => [
    {
      send: 'POST /proxies',
      body: `{"name":"<&>\\u2028é","listen":"127.0.0.1:${a}","upstream":"${UPSTREAM}"}`,
      answers: created(proxy('\\u003c\\u0026\\u003e\\u2028é', a)),
    },
    { send: 'GET /proxies/%3C%26%3E%E2%80%A8%C3%A9', answers: ok(proxy('\\u003c\\u0026\\u003e\\u2028é', a)) },
  ],

  'names the first missing field': () => [
    { send: 'POST /proxies', body: '{}', answers: error(400, 'missing required field: name') },
    { send: 'POST /proxies', body: 'null', answers: error(400, 'missing required field: name') },
    { send: 'POST /proxies', body: '{"name":"p"}', answers: error(400, 'missing required field: upstream') },
    {
      send: 'POST /proxies',
      body: '{"name":null,"upstream":"x"}',
      answers: error(400, 'missing required field: name'),
    },
  ],

  'says what is wrong with a body': ({ a }) => [
    { send: 'POST /proxies', answers: badBody('EOF') },
    { send: 'POST /proxies', body: ' \n', answers: badBody('EOF') },
    { send: 'POST /proxies', body: '{"name":', answers: badBody('unexpected EOF') },
    { send: 'POST /proxies', body: '{"na', answers: badBody('unexpected EOF') },
    {
      send: 'POST /proxies',
      body: '{bad',
      answers: badBody("invalid character 'b' looking for beginning of object key string"),
    },
    { send: 'POST /proxies', body: '{"a" 1}', answers: badBody("invalid character '1' after object key") },
    {
      send: 'POST /proxies',
      body: '{"a":1 "b"}',
      answers: badBody("invalid character '\"' after object key:value pair"),
    },
    { send: 'POST /proxies', body: '[1 2]', answers: badBody("invalid character '2' after array element") },
    {
      send: 'POST /proxies',
      body: '{"a":tru}',
      answers: badBody("invalid character '}' in literal true (expecting 'e')"),
    },
    { send: 'POST /proxies', body: '{"a":-x}', answers: badBody("invalid character 'x' in numeric literal") },
    {
      send: 'POST /proxies',
      body: '{"a":1.}',
      answers: badBody("invalid character '}' after decimal point in numeric literal"),
    },
    {
      send: 'POST /proxies',
      body: '{"a":1e}',
      answers: badBody("invalid character '}' in exponent of numeric literal"),
    },
    { send: 'POST /proxies', body: '{"a":"\n"}', answers: badBody("invalid character '\\n' in string literal") },
    { send: 'POST /proxies', body: '{"a":"\\x"}', answers: badBody("invalid character 'x' in string escape code") },
    {
      send: 'POST /proxies',
      body: '{"a":"\\u12g"}',
      answers: badBody("invalid character 'g' in \\u hexadecimal character escape"),
    },
    { send: 'POST /proxies', body: "'", answers: badBody("invalid character '\\'' looking for beginning of value") },
    { send: 'POST /proxies', body: '[1,]', answers: badBody("invalid character ']' looking for beginning of value") },
    {
      send: 'POST /proxies',
      body: '[1]',
      answers: badBody('json: cannot unmarshal array into Go value of type toxiproxy.Proxy'),
    },
    {
      send: 'POST /proxies',
      body: '"x"',
      answers: badBody('json: cannot unmarshal string into Go value of type toxiproxy.Proxy'),
    },
    {
      send: 'POST /proxies',
      body: '{"name":5,"enabled":"no"}',
      answers: badBody('json: cannot unmarshal number into Go struct field Proxy.name of type string'),
    },
    {
      send: 'POST /proxies',
      body: '{"name":"p","enabled":"no"}',
      answers: badBody('json: cannot unmarshal string into Go struct field Proxy.enabled of type bool'),
    },
    create('p', a),
    {
      send: 'PATCH /proxies/p',
      body: '{"listen":true}',
      answers: badBody('json: cannot unmarshal bool into Go struct field Proxy.listen of type string'),
    },
  ],

  'says why it cannot listen, and forgets the proxy': ({ a, api }) => [
    create('p', a),
    { ...create('p', a), answers: error(409, 'proxy already exists') },
    {
      send: 'POST /proxies',
      body: `{"name":"q","listen":"127.0.0.1:${api}","upstream":"${UPSTREAM}"}`,
      answers: error(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`),
    },
    {
      send: 'POST /proxies',
      body: `{"name":"q","listen":"nonsense","upstream":"${UPSTREAM}"}`,
      answers: error(500, 'listen tcp: address nonsense: missing port in address'),
    },
    {
      send: 'POST /proxies',
      body: `{"name":"q","listen":"127.0.0.1:99999","upstream":"${UPSTREAM}"}`,
      answers: error(500, 'listen tcp: address 99999: invalid port'),
    },
    {
      send: 'POST /proxies',
      body: `{"name":"q","listen":"1:2:3","upstream":"${UPSTREAM}"}`,
      answers: error(500, 'listen tcp: address 1:2:3: too many colons in address'),
    },
    {
      send: 'POST /proxies',
      body: `{"name":"q","listen":"198.51.100.1:80","upstream":"${UPSTREAM}"}`,
      answers: error(500, 'listen tcp 198.51.100.1:80: bind: cannot assign requested address'),
    },
    {
      send: 'POST /proxies',
      body: `{"name":"q","listen":"127.0.0.1:nope","upstream":"${UPSTREAM}"}`,
      answers: error(500, 'listen tcp: lookup tcp/nope: unknown port'),
    },
    { send: 'GET /proxies/q', answers: error(404, 'proxy not found') },
  ],

  'updates by POST and PATCH, keeps what is not named, and ignores name and toxics': ({ a, b }) => [
    create('p', a),
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"latency","attributes":{"latency":10}}',
      answers: ok(toxic('{"latency":10,"jitter":0}', 'latency')),
    },
    {
      send: 'POST /proxies/p',
      body: '{"name":"other","enabled":false,"toxics":[]}',
      answers: ok(proxy('p', a, toxic('{"latency":10,"jitter":0}', 'latency'), { enabled: false })),
    },
    {
      send: 'PATCH /proxies/p',
      body: '{"upstream":"127.0.0.1:10"}',
      answers: ok(
        proxy('p', a, toxic('{"latency":10,"jitter":0}', 'latency'), { enabled: false, upstream: '127.0.0.1:10' }),
      ),
    },
    {
      send: 'PATCH /proxies/p',
      body: `{"enabled":true,"listen":"localhost:${b}"}`,
      answers: ok(proxy('p', b, toxic('{"latency":10,"jitter":0}', 'latency'), { upstream: '127.0.0.1:10' })),
    },
    {
      send: 'PATCH /proxies/p',
      body: 'null',
      answers: ok(proxy('p', b, toxic('{"latency":10,"jitter":0}', 'latency'), { upstream: '127.0.0.1:10' })),
    },
    {
      send: 'PATCH /proxies/p',
      body: '{"listen":"nonsense"}',
      answers: error(500, 'address nonsense: missing port in address'),
    },
  ],

  'stays stopped at the new address when that is taken': ({ a, api }) => [
    create('p', a),
    {
      send: 'PATCH /proxies/p',
      body: `{"listen":"127.0.0.1:${api}"}`,
      answers: error(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`),
    },
    { send: 'GET /proxies/p', answers: ok(proxy('p', api, '', { enabled: false })) },
    {
      send: 'POST /reset',
      answers: error(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`),
    },
    { send: 'PATCH /proxies/p', body: `{"listen":"127.0.0.1:${a}","enabled":true}`, answers: ok(proxy('p', a)) },
  ],

  'adds, shows, changes and removes toxics': ({ a }) => {
    const slow = toxic('{"latency":100,"jitter":5}', 'latency');
    const cut = toxic('{"bytes":3}', 'limit_data', { name: 'cut', stream: 'upstream', toxicity: 0.1 });
    return [
      create('p', a),
      { send: 'GET /proxies/p/toxics', answers: ok('[]') },
      {
        send: 'POST /proxies/p/toxics',
        body: '{"type":"latency","attributes":{"jitter":5,"latency":100}}',
        answers: ok(slow),
      },
      {
        send: 'POST /proxies/p/toxics',
        body: '{"type":"limit_data","name":"cut","stream":"upstream","toxicity":0.1,"attributes":{"bytes":3}}',
        answers: ok(cut),
      },
      { send: 'GET /proxies/p/toxics', answers: ok(`[${cut},${slow}]`) },
      { send: 'GET /proxies/p', answers: ok(proxy('p', a, `${cut},${slow}`)) },
      { send: 'GET /proxies/p/toxics/cut', answers: ok(cut) },
      {
        send: 'POST /proxies/p/toxics',
        body: '{"type":"latency","name":"cut"}',
        answers: error(409, 'toxic already exists'),
      },
      {
        send: 'PATCH /proxies/p/toxics/latency_downstream',
        body: '{"name":"x","type":"timeout","stream":"upstream","attributes":{"latency":20}}',
        answers: ok(toxic('{"latency":20,"jitter":5}', 'latency')),
      },
      {
        send: 'POST /proxies/p/toxics/latency_downstream',
        body: '{"toxicity":0.3}',
        answers: ok(toxic('{"latency":20,"jitter":5}', 'latency', { toxicity: 0.3 })),
      },
      {
        send: 'PATCH /proxies/p/toxics/latency_downstream',
        body: '{"attributes":null}',
        answers: ok(toxic('{"latency":20,"jitter":5}', 'latency', { toxicity: 0.3 })),
      },
      ...Object.entries({
        '{"toxicity":"x"}': 'string into Go struct field .toxicity of type float32',
        '{"attributes":[]}': 'array into Go struct field .attributes of type toxics.LatencyToxic',
        '{"attributes":{"latency":"x"}}': 'string into Go struct field LatencyToxic.attributes.latency of type int64',
        '[]': 'array into Go value of type struct { Attributes interface {} "json:\\"attributes\\""; Toxicity float32 "json:\\"toxicity\\"" }',
      }).map(([body, why]) => ({
        send: 'PATCH /proxies/p/toxics/latency_downstream',
        body,
        answers: badBody(`json: cannot unmarshal ${why}`),
      })),
      { send: 'DELETE /proxies/p/toxics/latency_downstream', answers: gone },
      { send: 'GET /proxies/p/toxics', answers: ok(`[${cut}]`) },
      { send: 'GET /proxies/p/toxics/latency_downstream', answers: error(404, 'toxic not found') },
      { send: 'DELETE /proxies/p/toxics/latency_downstream', answers: error(404, 'toxic not found') },
      { send: 'PATCH /proxies/p/toxics/none', body: '{}', answers: error(404, 'toxic not found') },
      { send: 'PATCH /proxies/p/toxics/none', body: 'bad', answers: error(404, 'toxic not found') },
      { send: 'GET /proxies/none/toxics', answers: error(404, 'proxy not found') },
      { send: 'POST /proxies/none/toxics', body: 'bad', answers: error(404, 'proxy not found') },
      { send: 'DELETE /proxies/none/toxics/cut', answers: error(404, 'proxy not found') },
    ];
  },

  'shows every type with its attributes at 0': ({ a }) => [
    create('p', a),
    ...Object.entries({
      noop: '{}',
      latency: '{"latency":0,"jitter":0}',
      bandwidth: '{"rate":0}',
      slow_close: '{"delay":0}',
      timeout: '{"timeout":0}',
      reset_peer: '{"timeout":0}',
      limit_data: '{"bytes":0}',
    }).map(([type, attributes]) => ({
      send: 'POST /proxies/p/toxics',
      body: `{"type":"${type}"}`,
      answers: ok(toxic(attributes, type)),
    })),
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"slicer","attributes":{"average_size":64}}',
      answers: ok(toxic('{"average_size":64,"size_variation":0,"delay":0}', 'slicer')),
    },
  ],

  'echoes stream and toxicity as they were sent': ({ a }) => [
    create('p', a),
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"noop","stream":"UpStream","toxicity":2.5}',
      answers: ok(toxic('{}', 'noop', { stream: 'UpStream', toxicity: 2.5 })),
    },
    ...[-1, 0, 1e-7, 1e21, 0.333333].map((toxicity, at) => ({
      send: 'POST /proxies/p/toxics',
      body: `{"type":"noop","name":"t${at}","toxicity":${toxicity}}`,
      answers: ok(toxic('{}', 'noop', { name: `t${at}`, toxicity })),
    })),
  ],

  'checks a new toxic in order: JSON, stream, type, name, attributes': ({ a }) => [
    create('p', a),
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"no","stream":"no","toxicity":"x"}',
      answers: badBody('json: cannot unmarshal string into Go struct field ToxicWrapper.toxicity of type float32'),
    },
    {
      send: 'POST /proxies/p/toxics',
      body: '{"toxicity":1e50}',
      answers: badBody('json: cannot unmarshal number 1e50 into Go struct field ToxicWrapper.toxicity of type float32'),
    },
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"no","stream":"no"}',
      answers: error(400, 'stream was invalid, can be either upstream or downstream'),
    },
    { send: 'POST /proxies/p/toxics', body: '{"type":"no"}', answers: error(400, 'invalid toxic type') },
    { send: 'POST /proxies/p/toxics', body: '{}', answers: error(400, 'invalid toxic type') },
    { send: 'POST /proxies/p/toxics', body: '{"type":"down"}', answers: error(400, 'invalid toxic type') },
    { send: 'POST /proxies/p/toxics', body: '{"type":"noop"}', answers: ok(toxic('{}', 'noop')) },
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"latency","name":"noop_downstream","attributes":{"latency":"x"}}',
      answers: error(409, 'toxic already exists'),
    },
    ...Object.entries({
      '1.5': 'number 1.5',
      '1.0': 'number 1.0',
      '1e3': 'number 1e3',
      '9223372036854775808': 'number 9223372036854775808',
      '"x"': 'string',
      true: 'bool',
      '[]': 'array',
      '{}': 'object',
    }).map(([value, found]) => ({
      send: 'POST /proxies/p/toxics',
      body: `{"type":"latency","attributes":{"latency":${value}}}`,
      answers: badBody(
        `json: cannot unmarshal ${found} into Go struct field LatencyToxic.attributes.latency of type int64`,
      ),
    })),
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"slicer","attributes":{"average_size":"x"}}',
      answers: badBody(
        'json: cannot unmarshal string into Go struct field SlicerToxic.attributes.average_size of type int',
      ),
    },
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"latency","attributes":[]}',
      answers: badBody(
        'json: cannot unmarshal array into Go struct field ToxicWrapper.attributes of type toxics.NoopToxic',
      ),
    },
    { send: 'GET /proxies/p/toxics', answers: ok(`[${toxic('{}', 'noop')}]`) },
  ],

  'refuses attributes that crash the original, and keeps the toxic as it was': ({ a }) => [
    create('p', a),
    ...[
      ['slicer', '{}', 'average_size: expected a positive number of bytes, got 0'],
      ['slicer', '{"average_size":-1}', 'average_size: expected a positive number of bytes, got -1'],
      ['slicer', '{"average_size":4,"size_variation":5}', 'size_variation: expected at most average_size, got 5'],
      ['bandwidth', '{"rate":-1}', 'rate: expected 0 (no data passes) or a positive number of KB/s, got -1'],
    ].map(([type, attributes, why]) => ({
      send: 'POST /proxies/p/toxics',
      body: `{"type":"${type}","attributes":${attributes}}`,
      answers: badBody(`${why}`),
      embeddedOnly: true,
    })),
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"bandwidth","attributes":{"rate":5}}',
      answers: ok(toxic('{"rate":5}', 'bandwidth')),
    },
    {
      send: 'PATCH /proxies/p/toxics/bandwidth_downstream',
      body: '{"toxicity":0.5,"attributes":{"rate":-1}}',
      answers: badBody('rate: expected 0 (no data passes) or a positive number of KB/s, got -1'),
      embeddedOnly: true,
    },
    { send: 'GET /proxies/p/toxics', answers: ok(`[${toxic('{"rate":5}', 'bandwidth')}]`) },
  ],

  'populates what is missing, keeps what is there, replaces what moved': ({ a, b }) => [
    { send: 'POST /populate', body: '[]', answers: created('{"proxies":null}') },
    {
      send: 'POST /populate',
      body: `[{"name":"p","listen":"127.0.0.1:${a}","upstream":"${UPSTREAM}"},{"name":"q","listen":"127.0.0.1:${b}","upstream":"${UPSTREAM}","enabled":false}]`,
      answers: created(`{"proxies":[${proxy('p', a)},${proxy('q', b, '', { enabled: false })}]}`),
    },
    { send: 'POST /proxies/p/toxics', body: '{"type":"noop"}', answers: ok(toxic('{}', 'noop')) },
    {
      send: 'POST /populate',
      body: `[{"name":"p","listen":"localhost:${a}","upstream":"${UPSTREAM}","enabled":false}]`,
      answers: created(`{"proxies":[${proxy('p', a, toxic('{}', 'noop'))}]}`),
    },
    {
      send: 'POST /populate',
      body: `[{"name":"p","listen":"127.0.0.1:${a}","upstream":"127.0.0.1:10"}]`,
      answers: created(`{"proxies":[${proxy('p', a, '', { upstream: '127.0.0.1:10' })}]}`),
    },
    {
      send: 'GET /proxies',
      answers: ok(
        `{"p":${proxy('p', a, '', { upstream: '127.0.0.1:10' })},"q":${proxy('q', b, '', { enabled: false })}}`,
      ),
    },
  ],

  'populates nothing when an entry lacks a field': ({ a }) => {
    const invalid = (message: string) => ({
      status: 400,
      type: 'application/json',
      body: `{"error":${JSON.stringify(message)},"status":400,"proxies":null}`,
    });
    const first = `{"name":"p","listen":"127.0.0.1:${a}","upstream":"${UPSTREAM}"}`;
    return [
      {
        send: 'POST /populate',
        body: `[${first},{"name":"q"}]`,
        answers: invalid('missing required field: upstream at proxy 2'),
      },
      { send: 'POST /populate', body: `[${first},{}]`, answers: invalid('missing required field: name at proxy 2') },
      { send: 'POST /populate', answers: invalid('bad request body: EOF') },
      { send: 'POST /populate', body: 'null', answers: created('{"proxies":null}') },
      { send: 'POST /populate', body: '[null]', answers: invalid('missing required field: name at proxy 1') },
      ...Object.entries({
        '[5]': 'number into Go value of type struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }',
        '[{"name":5}]': 'number into Go struct field .Proxy.name of type string',
        '[{"enabled":"x"}]': 'string into Go struct field .enabled of type bool',
      }).map(([body, why]) => ({
        send: 'POST /populate',
        body,
        answers: invalid(`bad request body: json: cannot unmarshal ${why}`),
      })),
      {
        send: 'POST /populate',
        body: '{}',
        answers: invalid(
          'bad request body: json: cannot unmarshal object into Go value of type []struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }',
        ),
      },
      { send: 'GET /proxies', answers: ok('{}') },
    ];
  },

  'stops populating at the first proxy that cannot start': ({ a, b, api }) => [
    {
      send: 'POST /populate',
      body: `[{"name":"p","listen":"127.0.0.1:${a}","upstream":"${UPSTREAM}"},{"name":"q","listen":"127.0.0.1:${api}","upstream":"${UPSTREAM}"},{"name":"r","listen":"127.0.0.1:${b}","upstream":"${UPSTREAM}"}]`,
      answers: {
        status: 500,
        type: 'application/json',
        body: `{"error":"listen tcp 127.0.0.1:${api}: bind: address already in use","status":500,"proxies":[${proxy('p', a)}]}`,
      },
    },
    { send: 'GET /proxies', answers: ok(`{"p":${proxy('p', a)}}`) },
  ],

  'resets: starts every proxy, removes every toxic': ({ a, b }) => [
    create('p', a),
    create('q', b),
    { send: 'POST /proxies/p/toxics', body: '{"type":"noop"}', answers: ok(toxic('{}', 'noop')) },
    {
      send: 'POST /proxies/p/toxics',
      body: '{"type":"noop","stream":"upstream"}',
      answers: ok(toxic('{}', 'noop', { stream: 'upstream' })),
    },
    { send: 'PATCH /proxies/q', body: '{"enabled":false}', answers: ok(proxy('q', b, '', { enabled: false })) },
    { send: 'POST /reset', answers: gone },
    { send: 'GET /proxies', answers: ok(`{"p":${proxy('p', a)},"q":${proxy('q', b)}}`) },
  ],

  'answers unknown paths, wrong methods and browsers': ({ a }) => [
    create('p', a),
    { send: 'GET /nope', answers: text(404, '404 page not found\n'), routed: false },
    { send: 'GET /proxies/', answers: text(404, '404 page not found\n'), routed: false },
    { send: 'GET /proxies/p/toxics/', answers: text(404, '404 page not found\n'), routed: false },
    { send: 'GET /proxies/a%2Fb', answers: text(404, '404 page not found\n'), routed: false },
    { send: 'GET //proxies', answers: { status: 301, type: null, body: '' }, routed: false },
    { send: 'PUT /proxies', answers: { status: 405, type: null, body: '' }, routed: false },
    { send: 'GET /reset', answers: { status: 405, type: null, body: '' }, routed: false },
    { send: 'OPTIONS /proxies', answers: { status: 405, type: null, body: '' }, routed: false },
    { send: 'HEAD /proxies', answers: { status: 405, type: null, body: '' }, routed: false },
    { send: 'POST /version', answers: { status: 405, type: null, body: '' }, routed: false },
    {
      send: 'GET /proxies',
      headers: { 'user-agent': 'Mozilla/5.0 (X11)' },
      answers: text(403, 'User agent not allowed\n'),
    },
    { send: 'GET /proxies?pretty=1', answers: ok(`{"p":${proxy('p', a)}}`) },
  ],
};

/** A port nobody listens on, outside the range from which the system picks ports for outgoing connections. */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error('expected a free port between 20000 and 32000 in 100 attempts');
}
