import {
  type Chapters,
  create,
  created,
  error,
  get,
  gone,
  noProxy,
  ok,
  proxy,
  send,
  toxic,
  UPSTREAM,
  wanted,
} from './step.ts';

const slow = toxic('{"latency":10,"jitter":0}', 'latency');

/** Proxies: made, shown, changed, deleted, and what they listen on. */
export const PROXIES: Chapters = {
  'creates, lists, shows and deletes': ({ a, b }) => [
    get('/proxies', ok('{}')),
    create('p', a),
    get('/proxies/p', ok(proxy('p', a))),
    create('a', b),
    get('/proxies', ok(`{"a":${proxy('a', b)},"p":${proxy('p', a)}}`)),
    send('POST /proxies', error(409, 'proxy already exists'), wanted('p', 0)),
    send('POST /proxies', error(409, 'proxy already exists'), wanted('p', 'nonsense')),
    send('DELETE /proxies/p', gone),
    get('/proxies', ok(`{"a":${proxy('a', b)}}`)),
    get('/proxies/p', noProxy),
    get('/proxies/P', noProxy),
    send('DELETE /proxies/p', noProxy),
    send('PATCH /proxies/p', noProxy, '{}'),
    send('POST /proxies/p', noProxy, '{}'),
    send('PATCH /proxies/p', noProxy, 'bad'),
    create('p', a),
  ],

  'lists by the bytes of the names': () => {
    const names = ['b', 'B', 'a', '10', '9', 'é', 'z'];
    const disabled = (name: string) => proxy(name, '127.0.0.1:0', { enabled: false });
    const sorted = ['10', '9', 'B', 'a', 'b', 'z', 'é'];
    return [
      ...names.map((name) =>
        send('POST /proxies', created(disabled(name)), wanted(name, '127.0.0.1:0', ',"enabled":false')),
      ),
      get('/proxies', ok(`{${sorted.map((name) => `"${name}":${disabled(name)}`).join(',')}}`)),
    ];
  },

  'names the first missing field': () => [
    send('POST /proxies', error(400, 'missing required field: name'), '{}'),
    send('POST /proxies', error(400, 'missing required field: name'), 'null'),
    send('POST /proxies', error(400, 'missing required field: name'), '{"upstream":"x"}'),
    send('POST /proxies', error(400, 'missing required field: name'), '{"name":"","upstream":"x"}'),
    send('POST /proxies', error(400, 'missing required field: name'), '{"name":null,"upstream":"x"}'),
    send('POST /proxies', error(400, 'missing required field: upstream'), '{"name":"p"}'),
    send('POST /proxies', error(400, 'missing required field: upstream'), '{"name":"p","upstream":""}'),
    send('POST /proxies', error(400, 'missing required field: upstream'), '{"name":"p","upstream":null}'),
    get('/proxies', ok('{}')),
  ],

  'keeps the listen text of a proxy until it is enabled': ({ a }) => [
    send(
      'POST /proxies',
      created(proxy('p', `localhost:${a}`, { enabled: false })),
      wanted('p', `localhost:${a}`, ',"enabled":false'),
    ),
    get('/proxies/p', ok(proxy('p', `localhost:${a}`, { enabled: false }))),
    send('PATCH /proxies/p', ok(proxy('p', a)), '{"enabled":true}'),
    send('PATCH /proxies/p', ok(proxy('p', a, { enabled: false })), '{"enabled":false}'),
    send(
      'POST /proxies',
      created(proxy('q', 'nonsense', { enabled: false })),
      wanted('q', 'nonsense', ',"enabled":false'),
    ),
    send('PATCH /proxies/q', error(500, 'address nonsense: missing port in address'), '{"enabled":true}'),
    send('PATCH /proxies/q', error(500, 'address nonsense: missing port in address'), '{}'),
    send(
      'POST /proxies',
      created(proxy('r', '', { enabled: false })),
      `{"name":"r","upstream":"${UPSTREAM}","enabled":false}`,
    ),
    send('DELETE /proxies/q', gone),
  ],

  'listens where it is told, and shows what that came to': ({ a, b }) => [
    send('POST /proxies', created(proxy('p', a)), wanted('p', `localhost:${a}`)),
    send('POST /proxies', created(proxy('all', `[::]:${b}`)), wanted('all', `:${b}`)),
    send('DELETE /proxies/all', gone),
    send('POST /proxies', created(proxy('all', `[::]:${b}`)), wanted('all', `0.0.0.0:${b}`)),
    send('DELETE /proxies/all', gone),
    send('POST /proxies', created(proxy('all', `[::]:${b}`)), wanted('all', `[::]:${b}`)),
    send('DELETE /proxies/all', gone),
    send('POST /proxies', created(proxy('six', `[::1]:${b}`)), wanted('six', `[::1]:${b}`)),
    send('DELETE /proxies/six', gone),
    send('POST /proxies', created(proxy('other', `127.0.0.2:${b}`)), wanted('other', `127.0.0.2:${b}`)),
    send('PATCH /proxies/p', ok(proxy('p', a)), `{"listen":"localhost:${a}"}`),
  ],

  'says why it cannot listen, and forgets the proxy': ({ a, api }) => [
    create('p', a),
    ...Object.entries({
      [`127.0.0.1:${api}`]: `listen tcp 127.0.0.1:${api}: bind: address already in use`,
      [`127.0.0.1:${a}`]: `listen tcp 127.0.0.1:${a}: bind: address already in use`,
      [`localhost:${a}`]: `listen tcp 127.0.0.1:${a}: bind: address already in use`,
      nonsense: 'listen tcp: address nonsense: missing port in address',
      '127.0.0.1': 'listen tcp: address 127.0.0.1: missing port in address',
      '[::1]': 'listen tcp: address [::1]: missing port in address',
      '127.0.0.1:99999': 'listen tcp: address 99999: invalid port',
      '127.0.0.1:-1': 'listen tcp: address -1: invalid port',
      '1:2:3': 'listen tcp: address 1:2:3: too many colons in address',
      '::1:80': 'listen tcp: address ::1:80: too many colons in address',
      '198.51.100.1:80': 'listen tcp 198.51.100.1:80: bind: cannot assign requested address',
      '127.0.0.1:nope': 'listen tcp: lookup tcp/nope: unknown port',
    }).map(([listen, why]) => send('POST /proxies', error(500, why), wanted('q', listen))),
    get('/proxies/q', noProxy),
    get('/proxies', ok(`{"p":${proxy('p', a)}}`)),
  ],

  'updates by POST and PATCH, keeps what is not named, and ignores name and toxics': ({ a, b }) => [
    create('p', a),
    send('POST /proxies/p/toxics', ok(slow), '{"type":"latency","attributes":{"latency":10}}'),
    send(
      'POST /proxies/p',
      ok(proxy('p', a, { toxics: slow, enabled: false })),
      '{"name":"other","enabled":false,"toxics":[]}',
    ),
    get('/proxies/other', noProxy),
    send(
      'PATCH /proxies/p',
      ok(proxy('p', a, { toxics: slow, enabled: false, upstream: '127.0.0.1:10' })),
      '{"upstream":"127.0.0.1:10"}',
    ),
    send(
      'PATCH /proxies/p',
      ok(proxy('p', b, { toxics: slow, upstream: '127.0.0.1:10' })),
      `{"enabled":true,"listen":"localhost:${b}"}`,
    ),
    send('PATCH /proxies/p', ok(proxy('p', b, { toxics: slow, upstream: '127.0.0.1:10' })), 'null'),
    send('PATCH /proxies/p', ok(proxy('p', b, { toxics: slow, upstream: '127.0.0.1:10' })), '{"enabled":null}'),
    send('PATCH /proxies/p', error(500, 'address nonsense: missing port in address'), '{"listen":"nonsense"}'),
    send('PATCH /proxies/p', error(500, 'address 99999: invalid port'), '{"listen":"127.0.0.1:99999"}'),
    send('PATCH /proxies/p', error(400, 'bad request body: EOF')),
    get('/proxies/p', ok(proxy('p', b, { toxics: slow, upstream: '127.0.0.1:10' }))),
  ],

  'takes any text for an upstream': ({ a }) => [
    send(
      'POST /proxies',
      created(proxy('p', a, { upstream: 'no such host' })),
      `{"name":"p","listen":"127.0.0.1:${a}","upstream":"no such host"}`,
    ),
    send('PATCH /proxies/p', ok(proxy('p', a, { upstream: 'db:5432' })), '{"upstream":"db:5432"}'),
    send('PATCH /proxies/p', ok(proxy('p', a, { upstream: '' })), '{"upstream":""}'),
  ],

  'stays stopped at the new address when that is taken': ({ a, api }) => [
    create('p', a),
    send(
      'PATCH /proxies/p',
      error(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`),
      `{"listen":"127.0.0.1:${api}"}`,
    ),
    get('/proxies/p', ok(proxy('p', api, { enabled: false }))),
    send('POST /reset', error(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`)),
    send(
      'PATCH /proxies/p',
      error(500, `listen tcp 127.0.0.1:${api}: bind: address already in use`),
      '{"enabled":true}',
    ),
    send('PATCH /proxies/p', ok(proxy('p', a)), `{"listen":"127.0.0.1:${a}","enabled":true}`),
  ],

  'enables what is enabled and disables what is disabled': ({ a }) => [
    create('p', a),
    send('PATCH /proxies/p', ok(proxy('p', a)), '{"enabled":true}'),
    send('PATCH /proxies/p', ok(proxy('p', a, { enabled: false })), '{"enabled":false}'),
    send('PATCH /proxies/p', ok(proxy('p', a, { enabled: false })), '{"enabled":false}'),
    send('PATCH /proxies/p', ok(proxy('p', a, { enabled: false })), '{}'),
    send('PATCH /proxies/p', ok(proxy('p', a)), '{"enabled":true}'),
  ],
};
