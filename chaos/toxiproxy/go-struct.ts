import { badBody } from './api-error.ts';
import type { Json } from './go-json.ts';

/**
 * Reads the fields of a JSON object the way Go fills a struct: names match in any case, the last of a repeated name wins,
 * unknown names and nulls change nothing, and the first value of a wrong type is the error.
 */
export function readStruct<F extends Record<string, FieldType>>(value: Json, shape: StructShape<F>): Fields<F> {
  const read: Record<string, unknown> = {};
  if (value.kind === 'null') return read as Fields<F>;
  if (value.kind !== 'object') throw wrongType(value.kind, shape.type);
  const names = new Map(Object.keys(shape.fields).map((name) => [name.toLowerCase(), name]));
  let firstError: Error | undefined;
  for (const [key, field] of value.entries) {
    const name = names.get(key.toLowerCase());
    const type = name === undefined ? undefined : shape.fields[name];
    if (name === undefined || type === undefined || field.kind === 'null') continue;
    const result = readField(field, type);
    if ('value' in result) read[name] = result.value;
    else if ('found' in result) firstError ??= wrongType(result.found, type, shape.path(name));
    else firstError ??= badBody(`${name}: expected an integer of less than 2^53 either way, got ${result.tooBig}`);
  }
  if (firstError) throw firstError;
  return read as Fields<F>;
}

/** `json: cannot unmarshal <found> into Go struct field <field> of type <type>`, as Go says it. */
export function wrongType(found: string, type: string, field?: string): Error {
  const place = field === undefined ? 'Go value' : `Go struct field ${field}`;
  return badBody(`json: cannot unmarshal ${found} into ${place} of type ${type}`);
}

export interface StructShape<F extends Record<string, FieldType>> {
  /** Go's name of the type, for a value that is no object. */
  type: string;
  /** How Go names a field in an error. */
  path(field: string): string;
  fields: F;
}

export type FieldType = 'string' | 'bool' | 'int' | 'int64' | 'float32' | 'json';

export type Fields<F extends Record<string, FieldType>> = {
  [K in keyof F]?: F[K] extends 'string' ? string : F[K] extends 'bool' ? boolean : F[K] extends 'json' ? Json : number;
};

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_FLOAT32 = 3.4028234663852886e38;

function readField(value: Json, type: FieldType): { value: unknown } | { found: string } | { tooBig: string } {
  switch (type) {
    case 'string':
      return value.kind === 'string' ? { value: value.value } : { found: value.kind };
    case 'bool':
      return value.kind === 'bool' ? { value: value.value } : { found: value.kind };
    case 'int':
    case 'int64': {
      if (value.kind !== 'number') return { found: value.kind };
      if (!/^-?\d+$/.test(value.literal)) return { found: `number ${value.literal}` };
      const exact = BigInt(value.literal);
      if (exact > MAX_INT64 || exact < MIN_INT64) return { found: `number ${value.literal}` };
      return Number.isSafeInteger(Number(exact)) ? { value: Number(exact) } : { tooBig: value.literal };
    }
    case 'float32': {
      if (value.kind !== 'number') return { found: value.kind };
      const number = Number(value.literal);
      if (Math.abs(number) > MAX_FLOAT32) return { found: `number ${value.literal}` };
      return { value: Math.fround(number) };
    }
    case 'json':
      return { value };
    default:
      return type satisfies never;
  }
}
