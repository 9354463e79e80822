import { relative } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import { AT } from './scenario.ts';

/** Collects problems, and finds the builder call nearest to each. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly #root: unknown;
  readonly #rootSite: string | undefined;

  constructor(root: unknown, rootSite: string | undefined) {
    this.#root = root;
    this.#rootSite = rootSite;
  }

  problem(path: PropertyKey[], message: string): void {
    const at = this.siteOf(path);
    this.problems.push({ path: showPath(path), message, ...(at === undefined ? {} : { at: relativeSite(at) }) });
  }

  read<Schema extends z.ZodType>(
    path: PropertyKey[],
    schema: Schema,
    value: unknown = this.#root,
  ): z.output<Schema> | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const at = [...path, ...issue.path];
      if (issue.code === 'unrecognized_keys') {
        const known = issue.message.replace(/^keys: /, '').split(' ');
        for (const key of issue.keys) this.problem([...at, key], `unknown key. ${nearest(key, known)}`);
      } else this.problem(at, issue.message);
    }
    return undefined;
  }

  list(key: string, value: unknown): unknown[] {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.problem([key], `expected a list, got ${show(value)}`);
    return [];
  }

  /** The call site of the deepest builder on the way to a path. */
  siteOf(path: PropertyKey[]): string | undefined {
    let site = this.#rootSite;
    let value = this.#root;
    for (const part of path) {
      if (typeof value !== 'object' || value === null) break;
      value = (value as Record<PropertyKey, unknown>)[part];
      if (typeof value === 'object' && value !== null && AT in value && typeof value[AT] === 'string') site = value[AT];
    }
    return site;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function nearest(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'There are none.';
  const best = closest(
    name.toLowerCase(),
    [...known].map((each) => each.toLowerCase()),
  );
  const right = known.find((each) => each.toLowerCase() === best) ?? best;
  const near = distance(name.toLowerCase(), best) <= Math.max(2, name.length / 3);
  return near ? `Did you mean ${right}?` : `Known: ${known.join(', ')}`;
}

function showPath(path: PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`),
    '',
  );
}

export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (typeof value === 'function') return 'a function';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export function relativeSite(at: string): string {
  const match = /^(.*):(\d+):(\d+)$/.exec(at);
  if (!match?.[1]) return at;
  const path = relative(process.cwd(), match[1]);
  return `${path.startsWith('..') ? match[1] : path}:${match[2]}:${match[3]}`;
}
