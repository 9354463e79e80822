import { request } from 'node:http';
import { connect } from 'node:net';
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

/** Sends a text, and returns status and body of each answer once there are so many. */
export async function askRaw(url: string, text: string, count: number): Promise<string[]> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    return await new Promise((resolve, reject) => {
      let came = '';
      const settle = (closed: boolean) => {
        const answers = answersOf(came, text.startsWith('HEAD'), closed);
        if (answers.length === count || closed) resolve(answers);
      };
      socket.setTimeout(10_000, () => reject(new Error(`expected ${count} answers within 10 s, got ${came}`)));
      socket.on('error', reject).on('close', () => settle(true));
      socket.setEncoding('utf8').on('data', (part: string) => {
        came += part;
        settle(false);
      });
      socket.write(text);
    });
  } finally {
    socket.destroy();
  }
}

/** The answers that are whole: one without a length ends with its connection. */
function answersOf(text: string, isHead: boolean, isClosed: boolean): string[] {
  const answers: string[] = [];
  let rest = text;
  while (rest.includes('\r\n\r\n')) {
    const at = rest.indexOf('\r\n\r\n') + 4;
    const head = rest.slice(0, at);
    const status = head.slice(9, 12);
    const given = /^content-length: (\d+)/im.exec(head)?.[1];
    const untilEnd = isClosed ? rest.length - at : Number.POSITIVE_INFINITY;
    const length = isHead || status === '100' ? 0 : Number(given ?? untilEnd);
    if (rest.length < at + length) break;
    answers.push(`${status} ${rest.slice(at, at + length)}`);
    rest = rest.slice(at + length);
  }
  return answers;
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
