import { KINDS } from './attributes.ts';
import {
  add,
  type Chapters,
  cannotUnmarshal,
  create,
  error,
  get,
  gone,
  noProxy,
  noToxic,
  ok,
  proxy,
  send,
  toxic,
} from './step.ts';

const UPDATE = 'struct { Attributes interface {} "json:\\"attributes\\""; Toxicity float32 "json:\\"toxicity\\"" }';
const badStream = error(400, 'stream was invalid, can be either upstream or downstream');
const badType = error(400, 'invalid toxic type');
const taken = error(409, 'toxic already exists');

/** Toxics but for their attributes: made, shown, changed, removed. */
export const TOXICS: Chapters = {
  'adds, shows, changes and removes': ({ a }) => {
    const slow = toxic('{"latency":100,"jitter":5}', 'latency');
    const cut = toxic('{"bytes":3}', 'limit_data', { name: 'cut', stream: 'upstream', toxicity: 0.1 });
    const path = '/proxies/p/toxics/latency_downstream';
    return [
      create('p', a),
      get('/proxies/p/toxics', ok('[]')),
      add('{"type":"latency","attributes":{"jitter":5,"latency":100}}', ok(slow)),
      add('{"type":"limit_data","name":"cut","stream":"upstream","toxicity":0.1,"attributes":{"bytes":3}}', ok(cut)),
      get('/proxies/p/toxics', ok(`[${cut},${slow}]`)),
      get('/proxies/p', ok(proxy('p', a, { toxics: `${cut},${slow}` }))),
      get('/proxies', ok(`{"p":${proxy('p', a, { toxics: `${cut},${slow}` })}}`)),
      get('/proxies/p/toxics/cut', ok(cut)),
      get('/proxies/p/toxics/CUT', noToxic),
      add('{"type":"latency","name":"cut"}', taken),
      send(
        `PATCH ${path}`,
        ok(toxic('{"latency":20,"jitter":5}', 'latency')),
        '{"name":"x","type":"timeout","stream":"upstream","attributes":{"latency":20}}',
      ),
      send(`POST ${path}`, ok(toxic('{"latency":20,"jitter":5}', 'latency', { toxicity: 0.3 })), '{"toxicity":0.3}'),
      ...['{"attributes":null}', '{}', 'null', '{"toxicity":null}', '{"TOXICITY":0.3,"x":1}'].map((body) =>
        send(`PATCH ${path}`, ok(toxic('{"latency":20,"jitter":5}', 'latency', { toxicity: 0.3 })), body),
      ),
      send(
        `PATCH ${path}`,
        ok(toxic('{"latency":20,"jitter":6}', 'latency', { toxicity: 0 })),
        '{"attributes":{"Jitter":6,"unknown":1},"toxicity":0}',
      ),
      ...Object.entries({
        '{"toxicity":"x"}': 'string into Go struct field .toxicity of type float32',
        '{"toxicity":[]}': 'array into Go struct field .toxicity of type float32',
        '{"attributes":[]}': 'array into Go struct field .attributes of type toxics.LatencyToxic',
        '{"attributes":"x"}': 'string into Go struct field .attributes of type toxics.LatencyToxic',
        '{"attributes":5}': 'number into Go struct field .attributes of type toxics.LatencyToxic',
        '[]': `array into Go value of type ${UPDATE}`,
        '"x"': `string into Go value of type ${UPDATE}`,
      }).map(([body, what]) => send(`PATCH ${path}`, cannotUnmarshal(what), body)),
      send(`PATCH ${path}`, error(400, 'bad request body: EOF')),
      send(`DELETE ${path}`, gone),
      get('/proxies/p/toxics', ok(`[${cut}]`)),
      get(path, noToxic),
      send(`DELETE ${path}`, noToxic),
      send('PATCH /proxies/p/toxics/none', noToxic, '{}'),
      send('POST /proxies/p/toxics/none', noToxic, '{}'),
      send('PATCH /proxies/p/toxics/none', noToxic, 'bad'),
      get('/proxies/none/toxics', noProxy),
      get('/proxies/none/toxics/cut', noProxy),
      send('POST /proxies/none/toxics', noProxy, 'bad'),
      send('PATCH /proxies/none/toxics/cut', noProxy, 'bad'),
      send('DELETE /proxies/none/toxics/cut', noProxy),
    ];
  },

  'keeps nothing of an update with something wrong in it': ({ a }) => {
    const path = '/proxies/p/toxics/latency_downstream';
    const before = toxic('{"latency":10,"jitter":5}', 'latency');
    const half = { answers: ok(toxic('{"latency":20,"jitter":5}', 'latency')), difference: 'half an update' } as const;
    return [
      create('p', a),
      add('{"type":"latency","attributes":{"latency":10,"jitter":5}}', ok(before)),
      send(
        `PATCH ${path}`,
        cannotUnmarshal('string into Go struct field LatencyToxic.attributes.jitter of type int64'),
        '{"toxicity":0.5,"attributes":{"latency":20,"jitter":"x"}}',
      ),
      { ...get(path, ok(before)), original: half },
    ];
  },

  'shows every type at its defaults, on both streams': ({ a }) => [
    create('p', a),
    ...Object.entries({ noop: { attributes: {} }, ...KINDS }).flatMap(([type, { attributes }]) => {
      const zero = JSON.stringify(attributes);
      const needed = type === 'slicer' ? ',"attributes":{"average_size":64}' : '';
      return [
        add(`{"type":"${type}"${needed}}`, ok(toxic(zero, type))),
        add(`{"type":"${type}"${needed}}`, taken),
        add(`{"type":"${type}","stream":"upstream"${needed}}`, ok(toxic(zero, type, { stream: 'upstream' }))),
        send(`DELETE /proxies/p/toxics/${type}_downstream`, gone),
        add(
          `{"type":"${type}","name":"","stream":"DownStream"${needed}}`,
          ok(toxic(zero, type, { stream: 'DownStream' })),
        ),
      ];
    }),
  ],

  'takes null for nothing': ({ a }) => [
    create('p', a),
    add(
      '{"type":"latency","name":null,"stream":null,"toxicity":null,"attributes":null}',
      ok(toxic('{"latency":0,"jitter":0}', 'latency')),
    ),
  ],

  'echoes stream and toxicity as they were sent': ({ a }) => [
    create('p', a),
    add(
      '{"type":"noop","stream":"UpStream","toxicity":2.5}',
      ok(toxic('{}', 'noop', { stream: 'UpStream', toxicity: 2.5 })),
    ),
    ...[-1, 0, 1e-7, 1e-6, 1e21, 1e20, 0.333333, 0.1, 16777217 - 1, 3.4e38].map((toxicity, at) =>
      add(
        `{"type":"noop","name":"t${at}","toxicity":${toxicity}}`,
        ok(toxic('{}', 'noop', { name: `t${at}`, toxicity })),
      ),
    ),
    add(
      '{"type":"noop","name":"long","toxicity":0.12345678901}',
      ok(toxic('{}', 'noop', { name: 'long', toxicity: 0.12345679 })),
    ),
  ],

  'checks a new toxic in order: JSON, stream, type, name, attributes': ({ a }) => [
    create('p', a),
    add(
      '{"type":"no","stream":"no","toxicity":"x"}',
      cannotUnmarshal('string into Go struct field ToxicWrapper.toxicity of type float32'),
    ),
    ...['1e50', '-1e39'].map((number) =>
      add(
        `{"toxicity":${number}}`,
        cannotUnmarshal(`number ${number} into Go struct field ToxicWrapper.toxicity of type float32`),
      ),
    ),
    ...['name', 'type', 'stream'].map((field) =>
      add(`{"${field}":5}`, cannotUnmarshal(`number into Go struct field ToxicWrapper.${field} of type string`)),
    ),
    add('[]', cannotUnmarshal('array into Go value of type toxics.ToxicWrapper')),
    add('bad', error(400, "bad request body: invalid character 'b' looking for beginning of value")),
    add('', error(400, 'bad request body: EOF')),
    ...['no', '', 'up', 'upstream ', 'both'].map((stream) => add(`{"type":"no","stream":"${stream}"}`, badStream)),
    ...['{"type":"no"}', '{}', 'null', '{"type":"down"}', '{"type":"Latency"}', '{"type":""}', '{"type":"reset"}'].map(
      (body) => add(body, badType),
    ),
    add('{"type":"noop"}', ok(toxic('{}', 'noop'))),
    add('{"type":"no","name":"noop_downstream"}', badType),
    add('{"type":"latency","name":"noop_downstream","attributes":{"latency":"x"}}', taken),
    add('{"type":"latency","name":"noop_downstream","stream":"upstream"}', taken),
    ...Object.entries({ '[]': 'array', '"x"': 'string', '5': 'number', true: 'bool' }).map(([value, found]) =>
      add(
        `{"type":"latency","attributes":${value}}`,
        cannotUnmarshal(`${found} into Go struct field ToxicWrapper.attributes of type toxics.NoopToxic`),
      ),
    ),
    get('/proxies/p/toxics', ok(`[${toxic('{}', 'noop')}]`)),
  ],

  'lists upstream first, each stream in the order of creation': ({ a }) => {
    const named = (name: string, stream: string) => toxic('{}', 'noop', { name, stream });
    const list = (...toxics: string[]) => ok(`[${toxics.join(',')}]`);
    return [
      create('p', a),
      add('{"type":"noop","name":"z"}', ok(named('z', 'downstream'))),
      add('{"type":"noop","name":"y","stream":"upstream"}', ok(named('y', 'upstream'))),
      add('{"type":"noop","name":"b"}', ok(named('b', 'downstream'))),
      add('{"type":"noop","name":"a","stream":"UPSTREAM"}', ok(named('a', 'UPSTREAM'))),
      get(
        '/proxies/p/toxics',
        list(named('y', 'upstream'), named('a', 'UPSTREAM'), named('z', 'downstream'), named('b', 'downstream')),
      ),
      send('DELETE /proxies/p/toxics/y', gone),
      add('{"type":"noop","name":"y","stream":"upstream"}', ok(named('y', 'upstream'))),
      get(
        '/proxies/p/toxics',
        list(named('a', 'UPSTREAM'), named('y', 'upstream'), named('z', 'downstream'), named('b', 'downstream')),
      ),
    ];
  },

  'keeps toxics while a proxy is disabled, and takes new ones': ({ a }) => {
    const noop = toxic('{}', 'noop');
    const late = toxic('{}', 'noop', { name: 'late' });
    return [
      create('p', a),
      add('{"type":"noop"}', ok(noop)),
      send('PATCH /proxies/p', ok(proxy('p', a, { toxics: noop, enabled: false })), '{"enabled":false}'),
      add('{"type":"noop","name":"late"}', ok(late)),
      send('PATCH /proxies/p', ok(proxy('p', a, { toxics: `${noop},${late}` })), '{"enabled":true}'),
      send('DELETE /proxies/p', gone),
      create('p', a),
    ];
  },
};
