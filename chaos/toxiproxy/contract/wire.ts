import type { Difference } from './differences.ts';

interface OnTheWire {
  lines: string[];
  body?: string;
  answers: string[];
  /** Where we do something else than the original, on purpose: its answers, and which difference this is. */
  original?: { answers: string[]; difference: Difference };
}

/** Requests as they stand on the wire, and all answers to them, without what is the same of every answer. */
export const WIRE: Record<string, OnTheWire> = {
  'a path with a bad escape': { lines: ['GET /%zz HTTP/1.1', 'Host: x'], answers: ['400 400 Bad Request'] },
  'a request without a host': {
    lines: ['GET /version HTTP/1.1'],
    answers: ['400 400 Bad Request: missing required Host header'],
  },
  'a request of HTTP/1.0': { lines: ['GET /proxies HTTP/1.0'], answers: ['200 {}'] },
  'a whole address for a path': { lines: ['GET http://x:1/proxies HTTP/1.1', 'Host: x'], answers: ['200 {}'] },
  'a whole address of a proxy': {
    lines: ['GET HTTP://x/proxies/p?a=http://b/c HTTP/1.1', 'Host: x'],
    answers: ['404 {"error":"proxy not found","status":404}\n'],
  },
  'a path with a fragment': { lines: ['GET /proxies#x HTTP/1.1', 'Host: x'], answers: ['404 404 page not found\n'] },
  'a method that it does not have': { lines: ['TRACE /proxies HTTP/1.1', 'Host: x'], answers: ['405 '] },
  'a method of WebDAV': { lines: ['PROPFIND /nope HTTP/1.1', 'Host: x'], answers: ['404 404 page not found\n'] },
  'a HEAD of what is not there': { lines: ['HEAD /nope HTTP/1.1', 'Host: x'], answers: ['404 '] },
  'names of headers in any case': {
    lines: ['GET /proxies HTTP/1.1', 'hOST: x', 'uSER-aGENT: Mozilla/5.0'],
    answers: ['403 User agent not allowed\n'],
  },
  'a body in chunks': {
    lines: ['POST /proxies HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked'],
    body: '1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n',
    answers: ['400 {"error":"missing required field: name","status":400}\n'],
  },
  'a body that waits to be asked for': {
    lines: ['POST /proxies HTTP/1.1', 'Host: x', 'Content-Length: 2', 'Expect: 100-continue'],
    body: '{}',
    answers: ['100 ', '400 {"error":"missing required field: name","status":400}\n'],
  },
  'an upgrade': {
    lines: ['GET /proxies HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'],
    answers: ['200 {}'],
  },
  'two requests at once': {
    lines: ['GET /proxies/p HTTP/1.1', 'Host: x', '', 'GET /proxies HTTP/1.1', 'Host: x'],
    answers: ['404 {"error":"proxy not found","status":404}\n', '200 {}'],
  },
  'two lengths': {
    lines: ['POST /proxies HTTP/1.1', 'Host: x', 'Content-Length: 2', 'Content-Length: 3'],
    body: '{}x',
    answers: ['400 400 Bad Request'],
  },
  'a long header': { lines: ['GET /proxies HTTP/1.1', 'Host: x', `X: ${'x'.repeat(100_000)}`], answers: ['200 {}'] },
  "a method of one's own making": {
    lines: ['MADEUP /proxies HTTP/1.1', 'Host: x'],
    answers: ['400 400 Bad Request'],
    original: { answers: ['405 '], difference: 'HTTP that no client speaks' },
  },
  'a request for a tunnel': {
    lines: ['CONNECT /proxies HTTP/1.1', 'Host: x'],
    answers: [],
    original: { answers: ['405 '], difference: 'HTTP that no client speaks' },
  },
  'a question about the whole server': {
    lines: ['OPTIONS * HTTP/1.1', 'Host: x'],
    answers: ['301 '],
    original: { answers: ['200 '], difference: 'HTTP that no client speaks' },
  },
  'what is no HTTP': { lines: ['hello'], answers: ['400 400 Bad Request'] },
};
