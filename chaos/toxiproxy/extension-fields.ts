import { ApiError } from './api-error.ts';
import type { Json } from './go-json.ts';

/** Fields of a request that the original drops as unknown, so no client that knows only the original sends them. */

/** `ttlMs`: how long something stays unless it is renewed. */
export function ttlField(body: Json): number | undefined {
  const given = field(body, 'ttlMs');
  if (given === undefined) return undefined;
  const ttlMs = given.kind === 'number' ? Number(given.literal) : Number.NaN;
  if (Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= MAX_TTL_MS) return ttlMs;
  throw new ApiError(
    400,
    `ttlMs: expected a whole number of milliseconds from 1 to ${MAX_TTL_MS}, got ${shown(given)}`,
  );
}

/** `per`: what the dice of the toxicity are thrown for. */
export function perField(body: Json): 'link' | 'request' | undefined {
  const given = field(body, 'per');
  if (given === undefined) return undefined;
  if (given.kind === 'string' && (given.value === 'link' || given.value === 'request')) return given.value;
  throw new ApiError(400, `per: expected "link" or "request", got ${shown(given)}`);
}

/** `toxics`: the bodies of toxics to be created with their proxy. Undefined when there is no such field. */
export function toxicsField(body: Json): Json[] | undefined {
  const given = field(body, 'toxics');
  if (given === undefined) return undefined;
  if (given.kind === 'array') return given.items;
  throw new ApiError(400, `toxics: expected an array, got ${shown(given)}`);
}

/** A week: a fault that nobody looks after for longer is no lease. */
const MAX_TTL_MS = 7 * 24 * 3600 * 1000;

function field(body: Json, name: string): Json | undefined {
  if (body.kind !== 'object') return undefined;
  const found = body.entries.findLast(([key]) => key === name)?.[1];
  return found?.kind === 'null' ? undefined : found;
}

function shown(value: Json): string {
  switch (value.kind) {
    case 'number':
      return value.literal;
    case 'string':
      return JSON.stringify(value.value);
    case 'bool':
      return `${value.value}`;
    case 'null':
    case 'array':
    case 'object':
      return `${value.kind === 'null' ? '' : 'an '}${value.kind}`;
    default:
      return value satisfies never;
  }
}
