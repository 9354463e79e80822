/** What a handler answers, whole. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export function json(status: number, body: string): Answer {
  return { status, headers: { 'Content-Type': 'application/json' }, body };
}

/** Errors say text/plain though most are JSON: the original sets one type and then overwrites it. */
export function plain(status: number, body: string): Answer {
  return {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' },
    body,
  };
}

/** What Go's HTTP server says by itself of a request that is none. */
export function badRequest(why = ''): Answer {
  return {
    status: 400,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' },
    body: `400 Bad Request${why}`,
  };
}

export function noContent(): Answer {
  return { status: 204, headers: {}, body: '' };
}
