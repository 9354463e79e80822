import type { WireRequest } from '../driver.ts';
import { RequestFailed } from '../user.ts';

/** A request as it goes over the wire, or why it cannot. A string is all of one byte a character. */
export function requestBytes(request: WireRequest, host: string): string | Buffer | RequestFailed {
  const { method, path, headers, body } = request;
  if (method === 'GET' && headers === undefined && body === undefined) return plainGet(path, host);
  if (!PATH.test(path)) return refused(`the path has a character that must be encoded: ${path}`);
  let head = `${method} ${path} HTTP/1.1\r\n`;
  let hasHost = false;
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (!FIELD_NAME.test(name) || FORBIDDEN_IN_VALUE.test(value))
      return refused(`header ${name} has a character that is not allowed in it`);
    if (OWN_HEADERS.has(name)) return refused(`header ${name} is the driver's own`);
    hasHost ||= name === 'host';
    head += `${name}: ${value}\r\n`;
  }
  if (!hasHost) head += `host: ${host}\r\n`;
  if (body === undefined)
    return method === 'GET' || method === 'HEAD' ? `${head}\r\n` : `${head}content-length: 0\r\n\r\n`;
  if (typeof body === 'string' && ASCII.test(body)) return `${head}content-length: ${body.length}\r\n\r\n${body}`;
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`${head}content-length: ${bytes.length}\r\n\r\n`, 'latin1'), bytes]);
}

/** The same few are sent again and again. */
function plainGet(path: string, host: string): string | RequestFailed {
  if (host !== hostOfGets) {
    GETS.clear();
    hostOfGets = host;
  }
  const known = GETS.get(path);
  if (known !== undefined) return known;
  if (!PATH.test(path)) return refused(`the path has a character that must be encoded: ${path}`);
  // Through a Buffer, so that it is one flat string: one made of parts would be put together at each write.
  const made = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'latin1').toString('latin1');
  if (GETS.size < MOST_GETS) GETS.set(path, made);
  return made;
}

const GETS = new Map<string, string>();
const MOST_GETS = 1_000;
let hostOfGets = '';

function refused(why: string): RequestFailed {
  return new RequestFailed('other', why, undefined);
}

const PATH = /^[\x21-\xff]+$/;
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const OWN_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection']);
// biome-ignore lint/suspicious/noControlCharactersInRegex: what it is about
const ASCII = /^[\x00-\x7f]*$/;
