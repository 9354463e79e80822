import {
  add,
  type Chapters,
  create,
  created,
  type Expected,
  get,
  gone,
  noProxy,
  notAllowed,
  notRouted,
  ok,
  proxy,
  type Step,
  send,
  text,
  toxic,
  wanted,
} from './step.ts';

const redirect = (location: string): Expected => ({ status: 301, type: null, body: '', routed: false, location });
const BROWSER = { 'user-agent': 'Mozilla/5.0 (X11)' };
const forbidden = text(403, 'User agent not allowed\n');

/** A proxy that cannot be reached any more, and therefore last. */
export const UNREACHABLE: Chapters = {
  'makes a proxy with a slash in its name, and finds it no more': () => [
    send(
      'POST /proxies',
      created(proxy('a/b', '127.0.0.1:0', { enabled: false })),
      wanted('a/b', '127.0.0.1:0', ',"enabled":false'),
    ),
    get('/proxies/a%2Fb', notRouted),
    get('/proxies/a/b', notRouted),
    send('DELETE /proxies/a%2Fb', notRouted),
  ],
};

/** Paths, methods, names in paths, and who may ask. */
export const ROUTES: Chapters = {
  'tells its version': () => [
    get('/version', { status: 200, type: 'application/json;charset=utf-8', body: '{"version": "2.12.0"}\n' }),
    get('/version?x=1', { status: 200, type: 'application/json;charset=utf-8', body: '{"version": "2.12.0"}\n' }),
  ],

  'answers 404 to paths it does not have': ({ a }) => [
    create('p', a),
    ...[
      '/',
      '/nope',
      '/proxies/',
      '/Proxies',
      '/version/',
      '/reset/x',
      '/populate/p',
      '/proxies/p/',
      '/proxies/p/toxics/',
      '/proxies/p/toxic',
      '/proxies/p/toxics/t/x',
      '/proxies/a%2Fb',
      '/metrics',
      '/health',
    ].map((path) => get(path, notRouted)),
    send('POST /nope', notRouted, '{}'),
    send('DELETE /proxies/', notRouted),
    send('OPTIONS /nope', notRouted),
    send('POST /metrics', notRouted),
  ],

  'answers 405 to methods that a path does not have': ({ a }) => [
    create('p', a),
    ...[
      'PUT /proxies',
      'PATCH /proxies',
      'DELETE /proxies',
      'OPTIONS /proxies',
      'HEAD /proxies',
      'PUT /proxies/p',
      'OPTIONS /proxies/p',
      'HEAD /proxies/p',
      'PUT /proxies/p/toxics',
      'PATCH /proxies/p/toxics',
      'DELETE /proxies/p/toxics',
      'HEAD /proxies/p/toxics',
      'PUT /proxies/p/toxics/t',
      'HEAD /proxies/p/toxics/t',
      'OPTIONS /proxies/p/toxics/t',
      'GET /reset',
      'PUT /reset',
      'DELETE /reset',
      'GET /populate',
      'PUT /populate',
      'POST /version',
      'HEAD /version',
      'DELETE /version',
    ].map((line) => send(line, notAllowed)),
    get('/proxies/p', ok(proxy('p', a))),
  ],

  'redirects to the plain form of a path': () => [
    get('//proxies', redirect('/proxies')),
    get('/proxies//p', redirect('/proxies/p')),
    get('/x/../proxies', redirect('/proxies')),
    get('/./version', redirect('/version')),
    send('POST //reset', redirect('/reset')),
  ],

  'finds names that need escaping': () => {
    const disabled = (name: string) => proxy(name, '127.0.0.1:0', { enabled: false });
    const make = (name: string) =>
      send('POST /proxies', created(disabled(name)), wanted(name, '127.0.0.1:0', ',"enabled":false'));
    return [
      make('a b'),
      get('/proxies/a%20b', ok(disabled('a b'))),
      get('/proxies/a+b', noProxy),
      make('a+b'),
      get('/proxies/a+b', ok(disabled('a+b'))),
      get('/proxies/a%2Bb', ok(disabled('a+b'))),
      send(
        'POST /proxies',
        created(disabled('orders-\\u003eshard')),
        wanted('orders->shard', '127.0.0.1:0', ',"enabled":false'),
      ),
      get('/proxies/orders-%3Eshard', ok(disabled('orders-\\u003eshard'))),
      make('ü'),
      get('/proxies/%C3%BC', ok(disabled('ü'))),
      make('50%'),
      get('/proxies/50%25', ok(disabled('50%'))),
      send('DELETE /proxies/50%25', gone),
      make('q?x=1#y'),
      get('/proxies/q%3Fx=1%23y', ok(disabled('q?x=1#y'))),
    ];
  },

  'takes no browser, whatever it asks of a path that is there': ({ a }) => {
    const asked = (step: Step): Step => ({ ...step, headers: BROWSER });
    return [
      create('p', a),
      asked(get('/proxies', forbidden)),
      asked(get('/version', forbidden)),
      asked(get('/proxies/none', forbidden)),
      asked(send('DELETE /proxies/p', forbidden)),
      asked(send('POST /reset', forbidden)),
      asked(add('bad', forbidden)),
      asked(get('/nope', notRouted)),
      asked(send('PUT /proxies', notAllowed)),
      { ...get('/proxies/p', ok(proxy('p', a))), headers: { 'user-agent': 'mozilla/5.0' } },
      { ...get('/proxies/p', ok(proxy('p', a))), headers: { 'user-agent': 'Mozilla' } },
      { ...get('/proxies/p', ok(proxy('p', a))), headers: { 'user-agent': '' } },
    ];
  },

  'has paths of its own where the original has none': ({ a }) => {
    const original = { answers: notRouted, difference: 'extensions' } as const;
    const lease = text(400, '{"error":"ttlMs: expected, because there is no lease to renew","status":400}\n');
    return [
      create('p', a),
      add('{"type":"noop"}', ok(toxic('{}', 'noop'))),
      {
        ...get('/extensions', ok('{"lease":1,"applyToxics":1,"perRequest":1,"events":1,"cutResponse":1,"answer":1}')),
        original,
      },
      { ...send('POST /proxies/p/toxics/noop_downstream/lease', lease, '{}'), original },
      { ...get('/events?since=999', { status: 200, type: 'application/x-ndjson', body: '' }), original },
    ];
  },

  'looks at no query and no content type': ({ a }) => [
    { ...create('p', a), send: 'POST /proxies?pretty=1' },
    get('/proxies?pretty=1', ok(`{"p":${proxy('p', a)}}`)),
    { ...add('{"type":"noop"}', ok(toxic('{}', 'noop'))), headers: { 'content-type': 'text/html' } },
    { ...get('/proxies/p/toxics', ok(`[${toxic('{}', 'noop')}]`)), headers: { accept: 'text/xml' } },
    { ...get('/proxies/p/toxics', ok(`[${toxic('{}', 'noop')}]`)), body: 'a body that nobody reads' },
  ],
};
