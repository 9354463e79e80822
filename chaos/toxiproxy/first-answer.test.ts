import { expect, it } from 'vitest';
import { FirstAnswer } from './first-answer.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n';

/** After how many bytes the answer has begun, in pieces of `size`; undefined when it has not. */
function begunAfter(said: string, size = 1): number | undefined {
  const answer = new FirstAnswer();
  for (let at = 0; at < said.length; at += size) {
    answer.receive(Buffer.from(said.slice(at, at + size), 'latin1'));
    if (answer.begun) return Math.min(said.length, at + size);
  }
  return undefined;
}

it.each([
  ['100 Continue', CONTINUE],
  ['103 Early Hints, twice', HINTS + HINTS],
  ['the beginning of a head that may be one', 'HTTP/1.1 1'],
])('takes no %s for an answer', (_, said) => {
  for (let size = 1; size <= said.length; size += 1) expect(begunAfter(said, size), `in ${size}`).toBeUndefined();
});

it.each([
  ['a final one', '', 'HTTP/1.1 200 OK'],
  ['a final one after interim ones', CONTINUE + HINTS, 'HTTP/1.1 404 Not Found'],
  ['101, after which another protocol is spoken', '', 'HTTP/1.1 101 Switching Protocols'],
  ['what is no HTTP', '', '+OK\r\n'],
  ['what begins as HTTP does, and is none', '', 'HTML'],
])('knows %s', (_, before, said) => {
  expect(begunAfter(before + said, 1_000)).toBe(before.length + said.length);
  expect(begunAfter(before + said)).toBeGreaterThan(before.length);
});
