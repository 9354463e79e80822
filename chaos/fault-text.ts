import { type Bound, bindFault } from './catalogue.ts';

/**
 * Reads a fault as a person writes it in a line: `latency link=orders->shard-eu-0 latencyMs=800`. A value may stand in quotes.
 * What looks like a number or a truth is one. Every problem at once.
 */
export function readFaultText(text: string): Bound {
  const [kind = '', ...words] = wordsOf(text);
  if (kind === '')
    return { ok: false, problems: [{ path: ['kind'], message: 'expected a fault: KIND key=value ...' }] };
  const params: Record<string, unknown> = {};
  const problems: { path: string[]; message: string }[] = [];
  for (const word of words) {
    const equals = word.indexOf('=');
    const key = word.slice(0, equals);
    if (equals < 1) problems.push({ path: [word], message: `expected key=value, got '${word}'` });
    else if (key in params) problems.push({ path: [key], message: 'is there twice' });
    else params[key] = readValue(word.slice(equals + 1));
  }
  const bound = bindFault(kind, params);
  if (problems.length === 0) return bound;
  return { ok: false, problems: bound.ok ? problems : [...problems, ...bound.problems] };
}

/** By blanks, but not within quotes. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );
}

function readValue(text: string): string | number | boolean {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === 'true' ? true : text === 'false' ? false : text;
}
