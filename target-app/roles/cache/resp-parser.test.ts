import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RespError, RespParser } from './resp-parser.ts';

function encode(words: readonly Buffer[]): Buffer {
  const parts = words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}

describe('the RESP parser', () => {
  test('reads any commands back, however the bytes are cut', () => {
    const word = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    const command = fc.array(word, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 5 }), fc.array(fc.nat(200), { maxLength: 20 }), (commands, cuts) => {
        const bytes = Buffer.concat(commands.map(encode));
        const parser = new RespParser();
        const read: Buffer[][] = [];
        let from = 0;
        for (const cut of [...new Set(cuts)].sort((a, b) => a - b).filter((at) => at < bytes.length)) {
          read.push(...parser.push(bytes.subarray(from, cut)));
          from = cut;
        }
        read.push(...parser.push(bytes.subarray(from)));
        expect(read.map((words) => words.map((one) => one.toString('hex')))).toEqual(
          commands.map((words) => words.map((one) => one.toString('hex'))),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('reads inline commands and skips empty lines', () => {
    const parser = new RespParser();
    expect(parser.push(Buffer.from('\r\nPING\r\nget  a\n')).map(String)).toEqual(['PING', 'get,a']);
  });

  test.each([
    ['*-1\r\n', 'invalid multibulk length'],
    ['*x\r\n', 'invalid multibulk length'],
    ['*1\r\n:5\r\n', "expected '$', got ':'"],
    ['*1\r\n$-5\r\n', 'invalid bulk length'],
    ['*1\r\n$1\r\nabc\r\n', 'expected CRLF after a bulk'],
    ['*1\r\n$999999999999\r\n', 'invalid bulk length'],
  ])('refuses %j', (text, message) => {
    expect(() => new RespParser().push(Buffer.from(text))).toThrow(new RespError(message));
  });

  test('refuses a line without an end before it fills the memory', () => {
    const parser = new RespParser();
    expect(() => {
      for (let chunk = 0; chunk < 100; chunk++) parser.push(Buffer.alloc(1_024, 'x'));
    }).toThrow('too big inline request');
  });
});
