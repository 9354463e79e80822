import { badBody, invalidStream, invalidToxicType } from './api-error.ts';
import { type Json, toJson } from './go-json.ts';
import { type FieldType, readStruct, wrongType } from './go-struct.ts';
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
}

/** A new toxic from a request; `refuseTaken` throws when a name is in use. Checks come in the original's order. */
export function newToxic(body: Json, refuseTaken: (name: string) => void): Toxic {
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
  const zero = Object.fromEntries(Object.keys(kind.attributes.shape).map((attribute) => [attribute, 0]));
  return {
    name,
    kind,
    direction,
    stream,
    toxicity: given.toxicity ?? 1,
    attributes: readAttributes(kind, zero, given.attributes),
  };
}

/** What a toxic becomes through a request: toxicity and attributes, merged into those it has. Nothing changes on an error. */
export function changedToxic(toxic: Toxic, body: Json): Pick<Toxic, 'toxicity' | 'attributes'> {
  const given = readStruct(body, {
    type: 'struct { Attributes interface {} "json:\\"attributes\\""; Toxicity float32 "json:\\"toxicity\\"" }',
    path: (field) => `.${field}`,
    fields: { attributes: 'json', toxicity: 'float32' },
  });
  return {
    toxicity: given.toxicity ?? toxic.toxicity,
    attributes: readAttributes(toxic.kind, toxic.attributes, given.attributes),
  };
}

/** The key order is part of the contract. */
export function toxicJson({ attributes, name, kind, stream, toxicity }: Toxic): string {
  return toJson({ attributes, name, type: kind.type, stream, toxicity: shortest(toxicity) });
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
