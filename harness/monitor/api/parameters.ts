import { parsePromDuration } from '../promql/duration.ts';

/** A request that cannot be answered, with Prometheus' kinds of error. */
export class ApiError extends Error {
  readonly kind: 'bad_data' | 'execution' | 'not_found' | 'internal';

  constructor(kind: ApiError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The parameters of a request: a query string, a form, or both. */
export class Parameters {
  readonly #given: URLSearchParams;

  constructor(...sources: (string | URLSearchParams)[]) {
    this.#given = new URLSearchParams(
      sources
        .map(String)
        .filter((source) => source !== '')
        .join('&'),
    );
  }

  text(name: string): string {
    const value = this.#given.get(name);
    if (value === null || value === '') throw bad(name, 'it is missing');
    return value;
  }

  all(name: string): string[] {
    return this.#given.getAll(name);
  }

  limit(): number {
    const text = this.#given.get('limit');
    if (text === null) return Number.POSITIVE_INFINITY;
    const limit = Number(text);
    if (!Number.isInteger(limit) || limit < 0) throw bad('limit', `expected a whole number, got "${text}"`);
    return limit === 0 ? Number.POSITIVE_INFINITY : limit;
  }

  /** Seconds since 1970 or RFC 3339, to milliseconds. */
  timeMs(name: string, otherwise?: number): number {
    const text = this.#given.get(name);
    if (text === null || text === '') {
      if (otherwise !== undefined) return otherwise;
      throw bad(name, 'it is missing');
    }
    const seconds = Number(text);
    const ms = Number.isNaN(seconds) && /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Math.round(seconds * 1000);
    if (!Number.isFinite(ms)) throw bad(name, `cannot parse "${text}" to a valid timestamp`);
    return ms;
  }

  /** A duration such as `15s`, or seconds, to milliseconds. */
  durationMs(name: string): number {
    const text = this.text(name);
    const ms = /^(\d+(ms|[smhdwy]))+$/.test(text) ? parsePromDuration(text) : Math.round(Number(text) * 1000);
    if (ms === undefined || !Number.isFinite(ms)) throw bad(name, `cannot parse "${text}" to a valid duration`);
    if (ms <= 0) throw bad(name, 'zero or negative query resolution step widths are not accepted');
    return ms;
  }
}

function bad(name: string, problem: string): ApiError {
  return new ApiError('bad_data', `invalid parameter "${name}": ${problem}`);
}
