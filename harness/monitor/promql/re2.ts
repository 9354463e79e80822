import { RE2JS } from 're2js';
import { nativeRegExp } from './re2-native.ts';

/** A pattern in RE2 syntax that a whole text matches or does not. */
export interface Re2 {
  test(text: string): boolean;
  /** Undefined when the text does not match. */
  exec(text: string): Re2Match | undefined;
}

export interface Re2Match {
  /** What each group matched, the whole text first; undefined for a group that took no part. */
  groups: readonly (string | undefined)[];
  named(name: string): string | undefined;
}

/**
 * Compiles a pattern of PromQL; its dot matches a line feed, as in Prometheus 3. JavaScript's own engine runs what both
 * languages read alike and what cannot take it long, re2js the rest. Throws Error.
 */
export function compileRe2(pattern: string): Re2 {
  const native = nativeRegExp(pattern);
  return native === undefined ? byRe2js(pattern) : byRegExp(native);
}

function byRegExp(regex: RegExp): Re2 {
  return {
    test: (text) => regex.test(text),
    exec(text) {
      const match = regex.exec(text);
      return match === null ? undefined : { groups: [...match], named: (name) => match.groups?.[name] };
    },
  };
}

function byRe2js(pattern: string): Re2 {
  const compiled = compile(pattern);
  return {
    test: (text) => compiled.testExact(text),
    exec(text) {
      const matcher = compiled.matcher(text);
      if (!matcher.matches()) return undefined;
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? undefined);
      const names = compiled.namedGroups();
      return { groups, named: (name) => groups[names[name] ?? -1] };
    },
  };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw new Error(`bad regular expression ${JSON.stringify(pattern)}: ${reason}`);
  }
}
