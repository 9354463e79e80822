import type { Semantics } from './semantics.ts';

/** A label's name that needs no quotes. */
export function isPlainName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

/** Prometheus 3 takes any text as the name of a label. */
export function isLabelName(name: string, semantics: Semantics): boolean {
  return semantics === 'v2' ? isPlainName(name) : name !== '' && name.isWellFormed();
}
