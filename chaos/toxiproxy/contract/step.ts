import type { Difference } from './differences.ts';

/** A case of the contract: one request, and what is answered to it. */
export interface Step {
  /** `METHOD /path`. */
  send: string;
  body?: string;
  headers?: Record<string, string>;
  answers: Expected;
  /** Where we do something else than the original, on purpose: its answer, and which difference this is. */
  original?: { answers: Expected | 'not asked'; difference: Difference };
}

export interface Expected {
  status: number;
  type: string | null;
  body: string;
  /** Whether `X-Content-Type-Options: nosniff` is there; default false. */
  nosniff?: boolean;
  /** Whether the request got as far as a handler, which the request id shows; default true. */
  routed?: boolean;
  location?: string;
}

/** Nobody listens on the first two; the third is the API's own. */
export interface Ports {
  a: number;
  b: number;
  api: number;
}

/** Steps one after the other on a server without proxies. */
export type Chapters = Record<string, (ports: Ports) => Step[]>;

export const UPSTREAM = '127.0.0.1:9';

export const ok = (body: string): Expected => ({ status: 200, type: 'application/json', body });
export const created = (body: string): Expected => ({ status: 201, type: 'application/json', body });
export const gone: Expected = { status: 204, type: null, body: '' };
export const notRouted: Expected = {
  status: 404,
  type: 'text/plain; charset=utf-8',
  nosniff: true,
  body: '404 page not found\n',
  routed: false,
};
export const notAllowed: Expected = { status: 405, type: null, body: '', routed: false };

export function text(status: number, body: string): Expected {
  return { status, type: 'text/plain; charset=utf-8', nosniff: true, body };
}

export function error(status: number, message: string): Expected {
  return text(status, `{"error":${JSON.stringify(message)},"status":${status}}\n`);
}

export const badBody = (why: string) => error(400, `bad request body: ${why}`);
export const cannotUnmarshal = (what: string) => badBody(`json: cannot unmarshal ${what}`);
export const noProxy = error(404, 'proxy not found');
export const noToxic = error(404, 'toxic not found');

export function proxy(
  name: string,
  listen: number | string,
  { toxics = '', enabled = true, upstream = UPSTREAM }: { toxics?: string; enabled?: boolean; upstream?: string } = {},
): string {
  const address = typeof listen === 'number' ? `127.0.0.1:${listen}` : listen;
  const head = `"name":"${name}","listen":"${address}","upstream":"${upstream}"`;
  return `{${head},"enabled":${enabled},"Logger":{},"toxics":[${toxics}]}`;
}

/** The body of a request for a proxy. */
export function wanted(name: string, listen: number | string, more = ''): string {
  const address = typeof listen === 'number' ? `127.0.0.1:${listen}` : listen;
  return `{"name":"${name}","listen":"${address}","upstream":"${UPSTREAM}"${more}}`;
}

export function create(name: string, port: number): Step {
  return { send: 'POST /proxies', body: wanted(name, port), answers: created(proxy(name, port)) };
}

export function toxic(
  attributes: string,
  type: string,
  more: { name?: string; stream?: string; toxicity?: number } = {},
): string {
  const { stream = 'downstream', name = `${type}_${stream}`, toxicity = 1 } = more;
  return `{"attributes":${attributes},"name":"${name}","type":"${type}","stream":"${stream}","toxicity":${toxicity}}`;
}

/** A toxic on the proxy `p`. */
export function add(body: string, answers: Expected): Step {
  return { send: 'POST /proxies/p/toxics', body, answers };
}

export function get(path: string, answers: Expected): Step {
  return { send: `GET ${path}`, answers };
}

export function send(line: string, answers: Expected, body?: string): Step {
  return { send: line, answers, ...(body === undefined ? {} : { body }) };
}
