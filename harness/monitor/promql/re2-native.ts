/**
 * An RE2 pattern, the syntax of PromQL, as a JavaScript RegExp that must match the whole text and whose dot matches a
 * line feed. Only what both languages can say is taken, and only what JavaScript matches in linear time; undefined for
 * the rest, and for what may be wrong.
 */
export function nativeRegExp(pattern: string): RegExp | undefined {
  // A repeated group may backtrack for ever: (a+)+$.
  if (/\)[*+?{]/.test(pattern)) return undefined;
  const flags = /^\(\?([is]+)\)/.exec(pattern);
  try {
    const body = translate(flags === null ? pattern : pattern.slice(flags[0].length));
    return new RegExp(`^(?:${body})$`, `su${flags?.[1]?.includes('i') ? 'i' : ''}`);
  } catch {
    return undefined;
  }
}

const CLASSES: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Walks the pattern once and rewrites what JavaScript's `u` mode spells differently. */
function translate(body: string): string {
  let out = '';
  let inClass = false;
  let i = 0;
  while (i < body.length) {
    const rest = body.slice(i, i + 16);
    const char = body.charAt(i);
    if (char === '\\') {
      const [text, length] = translateEscape(body, i, inClass);
      out += text;
      i += length;
      continue;
    }
    const posix = inClass ? /^\[:(\w+):\]/.exec(rest) : null;
    if (posix !== null) {
      out += CLASSES[posix[1] ?? ''] ?? refuse(posix[0]);
      i += posix[0].length;
      continue;
    }
    if (!inClass && /^\(\?(?:=|!|<=|<!)/.test(rest)) refuse('look-around');
    if (!inClass && rest.startsWith('(?P<')) {
      out += '(?<';
      i += 4;
      continue;
    }
    if (!inClass && /^\(\?[imsU-]+\)/.test(rest)) refuse('a flag other than (?i) or (?s) at the start');
    if (char === '[' && !inClass) {
      inClass = true;
      const open = /^\[\^?\]?/.exec(rest)?.[0] ?? char;
      // RE2 reads a bracket that comes first as itself.
      out += open.endsWith(']') ? `${open.slice(0, -1)}\\]` : open;
      i += open.length;
      continue;
    }
    const repetition = inClass ? null : /^\{\d+(?:,\d*)?\}/.exec(rest);
    if (repetition !== null) {
      if ((repetition[0].match(/\d+/g) ?? []).some((times) => Number(times) > 1_000)) refuse('a long repetition');
      out += repetition[0];
      i += repetition[0].length;
      continue;
    }
    // Brackets and braces that open or close nothing stand for themselves in RE2 and are errors in JavaScript.
    const isLiteral = inClass ? char === '[' : char === ']' || char === '{' || char === '}';
    if (char === ']') inClass = false;
    out += isLiteral ? `\\${char}` : char;
    i++;
  }
  return out;
}

function translateEscape(body: string, at: number, inClass: boolean): [text: string, length: number] {
  const kind = body.charAt(at + 1);
  if (kind === 'Q') {
    const end = body.indexOf('\\E', at + 2);
    const quoted = body.slice(at + 2, end < 0 ? undefined : end);
    return [quoted.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), quoted.length + (end < 0 ? 2 : 4)];
  }
  if (kind === 'A' && !inClass) return ['(?<![^])', 2];
  if (kind === 'z' && !inClass) return ['(?![^])', 2];
  if (kind === 'a') return ['\\x07', 2];
  const hex = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(body.slice(at, at + 10));
  if (hex !== null) return [`\\u{${hex[1] ?? hex[2]}}`, hex[0].length];
  const property = /^\\([pP])(?:([A-Z])|\{(\^?)(\w+)\})/.exec(body.slice(at, at + 40));
  if (property !== null) return unicodeClass(property);
  if (/[1-9]/.test(kind)) refuse('a back-reference');
  if (/[dDsSwWbBfnrtv]/.test(kind)) return [`\\${kind}`, 2];
  if (kind === '' || /[a-zA-Z0-9]/.test(kind)) refuse(`the escape \\${kind}`);
  // JavaScript allows an escape before its own signs only; any other character stands for itself.
  const needsEscape = /[\\^$.*+?()[\]{}|/]/.test(kind) || (inClass && kind === '-');
  return [
    needsEscape ? `\\${kind}` : String.fromCodePoint(body.codePointAt(at + 1) ?? 0),
    1 + codeLength(body, at + 1),
  ];
}

function unicodeClass(match: RegExpExecArray): [text: string, length: number] {
  const name = match[2] ?? match[4] ?? '';
  const negated = (match[1] === 'P') !== (match[3] === '^');
  const script = name.length > 2 ? `Script=${name}` : name;
  return [`\\${negated ? 'P' : 'p'}{${script}}`, match[0].length];
}

function codeLength(body: string, at: number): number {
  return (body.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Left to the other engine. */
function refuse(what: string): never {
  throw new Error(what);
}
