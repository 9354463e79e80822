import {
  add,
  type Chapters,
  create,
  created,
  type Expected,
  get,
  gone,
  noToxic,
  ok,
  proxy,
  type Step,
  send,
  toxic,
  UPSTREAM,
  wanted,
} from './step.ts';

/** The errors of /populate alone are JSON in name too. */
const failed = (status: number, message: string, done = 'null'): Expected => ({
  status,
  type: 'application/json',
  body: `{"error":${JSON.stringify(message)},"status":${status},"proxies":${done}}`,
});
const populate = (body: string | undefined, answers: Expected): Step => send('POST /populate', answers, body);
const noop = toxic('{}', 'noop');
const ELEMENT = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }';

/** POST /populate and POST /reset. */
export const POPULATE: Chapters = {
  'populates what is missing, keeps what is there, replaces what moved': ({ a, b }) => [
    populate('[]', created('{"proxies":null}')),
    populate('null', created('{"proxies":null}')),
    populate(
      `[${wanted('p', a)},${wanted('q', b, ',"enabled":false')}]`,
      created(`{"proxies":[${proxy('p', a)},${proxy('q', b, { enabled: false })}]}`),
    ),
    add('{"type":"noop"}', ok(noop)),
    populate(
      `[${wanted('p', `localhost:${a}`, ',"enabled":false')}]`,
      created(`{"proxies":[${proxy('p', a, { toxics: noop })}]}`),
    ),
    populate(`[${wanted('q', b)}]`, created(`{"proxies":[${proxy('q', b, { enabled: false })}]}`)),
    populate(
      `[{"name":"p","listen":"127.0.0.1:${a}","upstream":"127.0.0.1:10"}]`,
      created(`{"proxies":[${proxy('p', a, { upstream: '127.0.0.1:10' })}]}`),
    ),
    get('/proxies/p/toxics/noop_downstream', noToxic),
    get(
      '/proxies',
      ok(`{"p":${proxy('p', a, { upstream: '127.0.0.1:10' })},"q":${proxy('q', b, { enabled: false })}}`),
    ),
    populate(`[${wanted('p', a, ',"enabled":false')}]`, created(`{"proxies":[${proxy('p', a, { enabled: false })}]}`)),
  ],

  'drops toxics and what it does not know, reads enabled as true when it is not there': ({ a, b }) => [
    populate(
      `[${wanted('p', a, ',"toxics":[{"type":"noop"}],"enabled":null')},${wanted('q', b, ',"x":{}')}]`,
      created(`{"proxies":[${proxy('p', a)},${proxy('q', b)}]}`),
    ),
    get('/proxies/p/toxics', ok('[]')),
  ],

  'takes the last of two entries of one name, in the same place or elsewhere': ({ a, b }) => [
    populate(`[${wanted('p', a)},${wanted('p', a)}]`, created(`{"proxies":[${proxy('p', a)},${proxy('p', a)}]}`)),
    populate(
      `[${wanted('p', b)},${wanted('p', a)}]`,
      created(`{"proxies":[${proxy('p', b, { enabled: false })},${proxy('p', a)}]}`),
    ),
    get('/proxies', ok(`{"p":${proxy('p', a)}}`)),
  ],

  'creates nothing when an entry lacks a field or is no entry': ({ a }) => [
    ...(
      [
        ['{"name":"q"}', 'missing required field: upstream at proxy 2'],
        ['{}', 'missing required field: name at proxy 2'],
        [`{"upstream":"${UPSTREAM}"}`, 'missing required field: name at proxy 2'],
        ['null', 'missing required field: name at proxy 2'],
        ['{"name":"","upstream":"x"}', 'missing required field: name at proxy 2'],
        ['5', `bad request body: json: cannot unmarshal number into Go value of type ${ELEMENT}`],
        ['"x"', `bad request body: json: cannot unmarshal string into Go value of type ${ELEMENT}`],
        [
          '{"name":5}',
          'bad request body: json: cannot unmarshal number into Go struct field .Proxy.name of type string',
        ],
        [
          '{"listen":5}',
          'bad request body: json: cannot unmarshal number into Go struct field .Proxy.listen of type string',
        ],
        [
          '{"enabled":"x"}',
          'bad request body: json: cannot unmarshal string into Go struct field .enabled of type bool',
        ],
      ] as const
    ).map(([entry, why]) => populate(`[${wanted('p', a)},${entry}]`, failed(400, why))),
    populate(undefined, failed(400, 'bad request body: EOF')),
    populate('[', failed(400, 'bad request body: unexpected EOF')),
    populate('{}', failed(400, `bad request body: json: cannot unmarshal object into Go value of type []${ELEMENT}`)),
    populate(
      wanted('p', a),
      failed(400, `bad request body: json: cannot unmarshal object into Go value of type []${ELEMENT}`),
    ),
    get('/proxies', ok('{}')),
  ],

  'stops at the first proxy that cannot start': ({ a, b, api }) => [
    populate(
      `[${wanted('p', a)},${wanted('q', api)},${wanted('r', b)}]`,
      failed(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`, `[${proxy('p', a)}]`),
    ),
    get('/proxies', ok(`{"p":${proxy('p', a)}}`)),
    populate(`[${wanted('r', 'nonsense')}]`, failed(500, 'listen tcp: address nonsense: missing port in address')),
    populate(`[${wanted('p', 'nonsense')}]`, failed(500, 'address nonsense: missing port in address')),
    get('/proxies/p', ok(proxy('p', a))),
  ],

  'leaves the old proxy stopped when the new one cannot start': ({ a, api }) => [
    create('p', a),
    populate(`[${wanted('p', api)}]`, failed(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`)),
    get('/proxies/p', ok(proxy('p', a, { enabled: false }))),
    send('PATCH /proxies/p', ok(proxy('p', a)), '{"enabled":true}'),
  ],

  'resets: starts every proxy, removes every toxic, keeps addresses': ({ a, b }) => [
    send('POST /reset', gone),
    create('p', a),
    create('q', b),
    add('{"type":"noop"}', ok(noop)),
    add('{"type":"noop","stream":"upstream"}', ok(toxic('{}', 'noop', { stream: 'upstream' }))),
    send('PATCH /proxies/q', ok(proxy('q', b, { enabled: false })), '{"enabled":false}'),
    send(
      'PATCH /proxies/p',
      ok(proxy('p', a, { toxics: `${toxic('{}', 'noop', { stream: 'upstream' })},${noop}`, upstream: '127.0.0.1:10' })),
      '{"upstream":"127.0.0.1:10"}',
    ),
    send('POST /reset', gone),
    get('/proxies', ok(`{"p":${proxy('p', a, { upstream: '127.0.0.1:10' })},"q":${proxy('q', b)}}`)),
    send('POST /reset', gone, 'a body is not read'),
    add('{"type":"noop"}', ok(noop)),
  ],
};
