import type { RequestOptions } from './user.ts';

/** What a user keeps from one request to the next. Most users keep nothing, and have none. */
export interface Browser {
  /** The number of its connection, where each user has its own. */
  owner: number | undefined;
  cookies: Map<string, string> | undefined;
}

/** The headers of a request; undefined for none, which is the cheapest to send. */
export function headersFor(
  browser: Browser | undefined,
  options: RequestOptions,
  contentType: string | undefined,
): Record<string, string> | undefined {
  const cookies = browser?.cookies;
  if (contentType === undefined && !cookies && !options.idempotencyKey && !options.headers) return undefined;
  const headers: Record<string, string> = {};
  if (contentType !== undefined) headers['content-type'] = contentType;
  if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
  if (cookies) headers.cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  for (const name in options.headers) headers[name.toLowerCase()] = options.headers[name] ?? '';
  return headers;
}

/**
 * Takes in Set-Cookie headers and returns what the user has now. Name and value only: one user, one site, one run. An empty
 * value or Max-Age=0 takes the cookie away.
 */
export function keepCookies(browser: Browser | undefined, lines: readonly string[]): Browser | undefined {
  let kept = browser;
  for (const line of lines) {
    const [pair = '', ...attributes] = line.split(';');
    const equals = pair.indexOf('=');
    if (equals < 1) continue;
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    kept ??= { owner: undefined, cookies: undefined };
    kept.cookies ??= new Map();
    if (value === '' || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))) kept.cookies.delete(name);
    else kept.cookies.set(name, value);
    if (kept.cookies.size === 0) kept.cookies = undefined;
  }
  return kept;
}
