import type { Matcher, MatcherOp, VectorSelector } from './ast.ts';
import type { Token } from './lexer.ts';
import { matcherTest } from './matcher.ts';
import type { TokenReader } from './token-reader.ts';

/** `name{label="value"}`; `name` is the token of the metric's name, when there is one before the braces. */
export function readSelector(reader: TokenReader, name: Token | undefined): VectorSelector {
  const start = name ?? reader.peek();
  if (name !== undefined) reader.skip();
  const matchers: Matcher[] = name === undefined ? [] : [{ name: '__name__', op: '=', value: name.text }];
  if (reader.symbol('{')) {
    while (!reader.symbol('}')) {
      readMatcher(reader, matchers, name);
      if (!reader.symbol(',') && reader.peek().text !== '}') {
        throw reader.unexpected(reader.peek(), 'in label matchers', '"," or "}"');
      }
    }
  }
  if (matchers.every((matcher) => matcherTest(matcher)(''))) {
    throw reader.error(start, 'a selector needs at least one matcher that does not match the empty string');
  }
  matchers.sort((a, b) => Number(isName(b)) - Number(isName(a)));
  return { kind: 'selector', matchers, offsetMs: 0, atTime: undefined, at: start.at, end: reader.previous().end };
}

/** `name="value"`, or, in Prometheus 3, the metric's name in quotes: `{"my.metric"}`. */
function readMatcher(reader: TokenReader, matchers: Matcher[], metric: Token | undefined): void {
  const label = reader.peek();
  const next = reader.second();
  if (label.kind === 'string' && (next?.text === ',' || next?.text === '}')) {
    reader.skip();
    add(reader, { name: '__name__', op: '=', value: label.value }, matchers, label, metric);
    return;
  }
  const name = reader.labelName('in label matchers');
  const opToken = reader.peek();
  const op = matcherOp(opToken);
  if (op === undefined) throw reader.unexpected(opToken, 'in label matchers', '=, !=, =~ or !~');
  reader.skip();
  const value = reader.peek();
  if (value.kind !== 'string') throw reader.unexpected(value, 'in label matchers', 'a quoted value');
  reader.skip();
  const matcher = { name, op, value: value.value };
  try {
    matcherTest(matcher);
  } catch (error) {
    throw reader.error(value, error instanceof Error ? error.message : String(error));
  }
  add(reader, matcher, matchers, label, metric);
}

function add(reader: TokenReader, matcher: Matcher, matchers: Matcher[], at: Token, metric: Token | undefined): void {
  const isSecond = isName(matcher) && (metric !== undefined || (at.kind === 'string' && matchers.some(isName)));
  if (isSecond) {
    const first = metric?.text ?? matchers.find(isName)?.value;
    throw reader.error(at, `the metric name is set twice: "${first}" and "${matcher.value}"`);
  }
  matchers.push(matcher);
}

function isName(matcher: Matcher): boolean {
  return matcher.name === '__name__' && matcher.op === '=';
}

function matcherOp(token: Token): MatcherOp | undefined {
  if (token.kind !== 'symbol') return undefined;
  const { text } = token;
  return text === '=' || text === '!=' || text === '=~' || text === '!~' ? text : undefined;
}
