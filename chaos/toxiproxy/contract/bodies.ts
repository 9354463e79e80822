import { badBody, type Chapters, cannotUnmarshal, create, created, error, proxy, type Step, UPSTREAM } from './step.ts';

const to = (body: string, why: string): Step => ({ send: 'POST /proxies', body, answers: badBody(why) });

/** How a body is read, with Go's words for what is wrong with it. */
export const BODIES: Chapters = {
  'says where a body is no JSON': () => [
    { send: 'POST /proxies', answers: badBody('EOF') },
    to(' \n', 'EOF'),
    to('{"name":', 'unexpected EOF'),
    to('{"na', 'unexpected EOF'),
    to('[', 'unexpected EOF'),
    to('tru', 'unexpected EOF'),
    to('{bad', "invalid character 'b' looking for beginning of object key string"),
    to('{"a" 1}', "invalid character '1' after object key"),
    to('{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
    to('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
    to('[1 2]', "invalid character '2' after array element"),
    to('[1,]', "invalid character ']' looking for beginning of value"),
    to('{"a":tru}', "invalid character '}' in literal true (expecting 'e')"),
    to('{"a":falsy}', "invalid character 'y' in literal false (expecting 'e')"),
    to('{"a":nul1}', "invalid character '1' in literal null (expecting 'l')"),
    to('{"a":-x}', "invalid character 'x' in numeric literal"),
    to('{"a":1.}', "invalid character '}' after decimal point in numeric literal"),
    to('{"a":1e}', "invalid character '}' in exponent of numeric literal"),
    to('{"a":01}', "invalid character '1' after object key:value pair"),
    to('{"a":+1}', "invalid character '+' looking for beginning of value"),
    to('{"a":"\n"}', "invalid character '\\n' in string literal"),
    to('{"a":"\t"}', "invalid character '\\t' in string literal"),
    to('{"a":"\u0001"}', "invalid character '\\x01' in string literal"),
    to('{"a":"\\x"}', "invalid character 'x' in string escape code"),
    to('{"a":"\\u12g"}', "invalid character 'g' in \\u hexadecimal character escape"),
    to("'", "invalid character '\\'' looking for beginning of value"),
    to('é', "invalid character 'Ã' looking for beginning of value"),
    to('\\', "invalid character '\\\\' looking for beginning of value"),
    to('"', 'unexpected EOF'),
    to('{"a":"\b"}', "invalid character '\\b' in string literal"),
    to('\u007f', "invalid character '\\x7f' looking for beginning of value"),
    to('😀', "invalid character 'ð' looking for beginning of value"),
    to('name=p', "invalid character 'a' in literal null (expecting 'u')"),
  ],

  'says which value has the wrong type': ({ a }) => [
    { send: 'POST /proxies', body: '[1]', answers: cannotUnmarshal('array into Go value of type toxiproxy.Proxy') },
    { send: 'POST /proxies', body: '"x"', answers: cannotUnmarshal('string into Go value of type toxiproxy.Proxy') },
    { send: 'POST /proxies', body: '5', answers: cannotUnmarshal('number into Go value of type toxiproxy.Proxy') },
    { send: 'POST /proxies', body: 'true', answers: cannotUnmarshal('bool into Go value of type toxiproxy.Proxy') },
    ...Object.entries({
      '{"name":5,"enabled":"no"}': 'number into Go struct field Proxy.name of type string',
      '{"name":"p","enabled":"no"}': 'string into Go struct field Proxy.enabled of type bool',
      '{"name":"p","enabled":1}': 'number into Go struct field Proxy.enabled of type bool',
      '{"name":"p","listen":8474}': 'number into Go struct field Proxy.listen of type string',
      '{"name":"p","upstream":["127.0.0.1:9"]}': 'array into Go struct field Proxy.upstream of type string',
      '{"name":"p","upstream":{}}': 'object into Go struct field Proxy.upstream of type string',
    }).map(([body, what]): Step => ({ send: 'POST /proxies', body, answers: cannotUnmarshal(what) })),
    create('p', a),
    {
      send: 'PATCH /proxies/p',
      body: '{"listen":true}',
      answers: cannotUnmarshal('bool into Go struct field Proxy.listen of type string'),
    },
    {
      send: 'PATCH /proxies/p',
      body: '[]',
      answers: cannotUnmarshal('array into Go value of type toxiproxy.Proxy'),
    },
  ],

  'reads names in any case, the last of a repeated one, and only the first value': ({ a, b }) => [
    {
      send: 'POST /proxies',
      body: `{"NAME":"p","Listen":"127.0.0.1:${a}","upSTREAM":"${UPSTREAM}","toxics":[{"type":"latency"}],"x":1} rubbish`,
      headers: { 'content-type': 'text/plain' },
      answers: created(proxy('p', a)),
    },
    {
      send: 'POST /proxies',
      body: `{"name":"x","name":"q","listen":"127.0.0.1:${b}","upstream":"${UPSTREAM}","enabled":null}{"name":"r"}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      answers: created(proxy('q', b)),
    },
    { send: 'GET /proxies/r', answers: error(404, 'proxy not found') },
  ],

  'escapes what Go escapes': ({ a }) => [
    {
      send: 'POST /proxies',
      body: `{"name":"<&>\\u2028é","listen":"127.0.0.1:${a}","upstream":"${UPSTREAM}"}`,
      answers: created(proxy('\\u003c\\u0026\\u003e\\u2028é', a)),
    },
    {
      send: 'GET /proxies/%3C%26%3E%E2%80%A8%C3%A9',
      answers: { status: 200, type: 'application/json', body: proxy('\\u003c\\u0026\\u003e\\u2028é', a) },
    },
    ...Object.entries({
      '\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f': '\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u007f',
      '\\ud83d\\ude00 \\ud83d': '😀 \ufffd',
    }).map(
      ([sent, shown]): Step => ({
        send: 'PATCH /proxies/%3C%26%3E%E2%80%A8%C3%A9',
        body: `{"upstream":"${sent}"}`,
        answers: {
          status: 200,
          type: 'application/json',
          body: proxy('\\u003c\\u0026\\u003e\\u2028é', a, { upstream: shown }),
        },
      }),
    ),
  ],
  'reads a body of any sensible length': () => [
    { send: 'POST /proxies', body: `${' '.repeat(MEBIBYTES_16 - 2)}{}`, answers: error(400, NO_NAME) },
    {
      send: 'POST /proxies',
      body: `${' '.repeat(MEBIBYTES_16)}{}`,
      answers: error(413, 'expected a body of at most 16777216 bytes'),
      original: { answers: error(400, NO_NAME), difference: 'large bodies' },
    },
  ],
};

const MEBIBYTES_16 = 16 * 1024 * 1024;
const NO_NAME = 'missing required field: name';
