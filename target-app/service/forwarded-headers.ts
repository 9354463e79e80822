import type { IncomingHttpHeaders } from 'node:http';

/** Belong to one connection (RFC 9110 section 7.6.1), or are written anew by whoever sends the message on. */
const OWN_TO_A_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
  'date',
]);

/** The headers a proxy passes on, of a request or an answer. */
export function forwardedHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !OWN_TO_A_CONNECTION.has(name)) kept[name] = value;
  }
  return kept;
}
