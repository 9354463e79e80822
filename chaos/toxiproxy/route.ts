import type { Answer } from './answer.ts';
import type { Json } from './go-json.ts';

/** One method and path of the API. */
export interface Route {
  methods: readonly string[] | 'any';
  /** Segments; one that starts with ':' matches any. */
  path: readonly string[];
  handle(request: ApiRequest): Answer | Promise<Answer>;
}

export interface ApiRequest {
  /** What stands for the segments that start with ':'. */
  params: string[];
  query: URLSearchParams;
  /** Reads the body; throws what the answer says about it. */
  json(): Json;
}

export function route(methods: string, path: string, handle: Route['handle']): Route {
  return { methods: methods === 'any' ? 'any' : methods.split(' '), path: path.split('/').slice(1), handle };
}

export function matches({ path }: Route, segments: string[]): boolean {
  return (
    path.length === segments.length &&
    path.every((expected, at) => (expected.startsWith(':') ? segments[at] !== '' : expected === segments[at]))
  );
}
