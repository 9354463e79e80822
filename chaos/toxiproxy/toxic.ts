import { ApiError, badBody, invalidStream, invalidToxicType, toxicAlreadyExists } from './api-error.ts';
import { perField, ttlField } from './extension-fields.ts';
import { type Json, toJson } from './go-json.ts';
import { type FieldType, readStruct, wrongType } from './go-struct.ts';
import type { Lease } from './lease.ts';
import { toxicTypes } from './toxics/catalog.ts';
import type { ToxicType } from './toxics/toxic-type.ts';

export type Direction = 'upstream' | 'downstream';

/** A toxic as it stands on a proxy. */
export interface Toxic {
  readonly name: string;
  readonly kind: ToxicType;
  readonly direction: Direction;
  /** The direction in the letters of who created it. */
  readonly stream: string;
  /** Share of links it hits; 32 bits, any value. */
  toxicity: number;
  attributes: Record<string, number>;
  /** What the dice are thrown for: a link once, or each request on it. An extension. */
  per: 'link' | 'request';
  /** Removes it unless it is renewed. An extension. */
  lease: Lease | undefined;
}

/** What a request wants of a toxic, `ttlMs` being the lease it asks for. */
export type Wanted<T> = T & { ttlMs: number | undefined };

/** A new toxic from a request; `refuseTaken` throws when a name is in use. Checks come in the original's order. */
export function newToxic(body: Json, refuseTaken: (name: string) => void): Wanted<Toxic> {
  const given = readStruct(body, {
    type: 'toxics.ToxicWrapper',
    path: (field) => `ToxicWrapper.${field}`,
    fields: { name: 'string', type: 'string', stream: 'string', toxicity: 'float32', attributes: 'json' },
  });
  if (given.attributes && given.attributes.kind !== 'object') {
    throw wrongType(given.attributes.kind, 'toxics.NoopToxic', 'ToxicWrapper.attributes');
  }
  const stream = given.stream ?? 'downstream';
  const direction = stream.toLowerCase();
  if (direction !== 'upstream' && direction !== 'downstream') throw invalidStream();
  const kind = toxicTypes.get(given.type ?? '');
  if (!kind) throw invalidToxicType();
  const name = given.name || `${kind.type}_${stream}`;
  refuseTaken(name);
  if (kind.only !== undefined && kind.only !== direction) {
    throw new ApiError(400, `${kind.type} works ${kind.only} only`);
  }
  const zero = Object.fromEntries(Object.keys(kind.attributes.shape).map((attribute) => [attribute, 0]));
  return {
    name,
    kind,
    direction,
    stream,
    toxicity: given.toxicity ?? 1,
    attributes: readAttributes(kind, zero, given.attributes),
    per: kind.per ?? perField(body) ?? 'link',
    lease: undefined,
    ttlMs: ttlField(body),
  };
}

/** Toxics that are to be there from a proxy's beginning. */
export function newToxics(bodies: readonly Json[]): Wanted<Toxic>[] {
  const names = new Set<string>();
  return bodies.map((body, at) => {
    try {
      return newToxic(body, (name) => {
        if (names.has(name)) throw toxicAlreadyExists();
        names.add(name);
      });
    } catch (error) {
      if (error instanceof ApiError) throw new ApiError(error.status, `toxics[${at}]: ${error.message}`);
      throw error;
    }
  });
}

/** What a toxic becomes through a request: toxicity and attributes, merged into those it has. Nothing changes on an error. */
export function changedToxic(toxic: Toxic, body: Json): Wanted<Pick<Toxic, 'toxicity' | 'attributes' | 'per'>> {
  const given = readStruct(body, {
    type: 'struct { Attributes interface {} "json:\\"attributes\\""; Toxicity float32 "json:\\"toxicity\\"" }',
    path: (field) => `.${field}`,
    fields: { attributes: 'json', toxicity: 'float32' },
  });
  return {
    toxicity: given.toxicity ?? toxic.toxicity,
    attributes: readAttributes(toxic.kind, toxic.attributes, given.attributes),
    per: toxic.kind.per ?? perField(body) ?? toxic.per,
    ttlMs: ttlField(body),
  };
}

/** The key order is part of the contract; what the original does not know is told only of toxics that have it. */
export function toxicObject({ attributes, name, kind, stream, toxicity, per, lease }: Toxic) {
  return {
    attributes,
    name,
    type: kind.type,
    stream,
    toxicity: shortest(toxicity),
    ...(per === 'request' ? { per } : {}),
    ...lease?.toJson(),
  };
}

export function toxicJson(toxic: Toxic): string {
  return toJson(toxicObject(toxic));
}

function readAttributes(
  kind: ToxicType,
  before: Record<string, number>,
  given: Json | undefined,
): Record<string, number> {
  if (given && given.kind !== 'object') throw wrongType(given.kind, `toxics.${kind.goStruct}`, '.attributes');
  const names = Object.keys(kind.attributes.shape);
  const fields: Record<string, FieldType> = Object.fromEntries(names.map((name) => [name, kind.goInt]));
  const read = given
    ? readStruct(given, {
        type: `toxics.${kind.goStruct}`,
        path: (field) => `${kind.goStruct}.attributes.${field}`,
        fields,
      })
    : {};
  const merged = Object.fromEntries(names.map((name) => [name, Number(read[name] ?? before[name] ?? 0)]));
  const checked = kind.attributes.safeParse(merged);
  if (checked.success) return merged;
  const problems = checked.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return `${name}: ${message}, got ${merged[name]}`;
  });
  throw badBody(problems.join('; '));
}

/** The shortest decimal that reads back as the same 32-bit number, as Go prints a float32. */
function shortest(float32: number): number {
  for (let digits = 1; digits <= 9; digits += 1) {
    const candidate = Number(float32.toPrecision(digits));
    if (Math.fround(candidate) === float32) return candidate;
  }
  return float32;
}
