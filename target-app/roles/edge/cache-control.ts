/** The response directives this cache understands (RFC 9111 section 5.2.2, RFC 5861), in seconds. */
export interface CacheControl {
  mayStore: boolean;
  /** `s-maxage`, or else `max-age`: this is a shared cache. */
  freshSec: number | undefined;
  staleWhileRevalidateSec: number;
  staleIfErrorSec: number;
}

export function parseCacheControl(header: string | undefined): CacheControl {
  const directives = new Map<string, string>();
  for (const part of (header ?? '').split(',')) {
    const equals = part.indexOf('=');
    const name = (equals === -1 ? part : part.slice(0, equals)).trim().toLowerCase();
    const value = equals === -1 ? '' : part.slice(equals + 1).trim();
    if (name !== '') directives.set(name, value.replace(/^"|"$/g, ''));
  }
  const seconds = (name: string): number | undefined => {
    const value = directives.get(name);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  };
  // With must-revalidate, and with s-maxage combined with proxy-revalidate, stale is never good enough.
  const mayServeStale = !directives.has('must-revalidate') && !directives.has('proxy-revalidate');
  return {
    mayStore: !directives.has('no-store') && !directives.has('private') && !directives.has('no-cache'),
    freshSec: seconds('s-maxage') ?? seconds('max-age'),
    staleWhileRevalidateSec: mayServeStale ? (seconds('stale-while-revalidate') ?? 0) : 0,
    staleIfErrorSec: mayServeStale ? (seconds('stale-if-error') ?? 0) : 0,
  };
}
