import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Method } from '../driver.ts';
import { Random } from '../random.ts';
import { sending } from '../testing-driver.ts';
import { undiciDriver } from '../undici-driver.ts';
import { RequestFailed } from '../user.ts';
import { ResponseParser } from './response-parser.ts';

const LIMITS = { headBytes: 16_384, bodyBytes: 100_000 };

/**
 * What this parser and undici's (llhttp) say of the same bytes, in the same pieces, from a server that then closes the
 * connection. Change SEED to look elsewhere; a message shows the bytes of the first difference.
 */
const SEED = 20_261_125;

describe('the response parser', () => {
  it('says the same as undici of valid answers, cut in two at every byte', async () => {
    let cases = 0;
    for (const text of VALID) {
      const bytes = Buffer.from(text, 'latin1');
      for (let cut = 1; cut < bytes.length; cut++, cases++)
        await expectSame([bytes.subarray(0, cut), bytes.subarray(cut)], 'GET');
    }
    expect(cases).toBeGreaterThan(500);
  });

  it('says the same as undici of valid answers, cut short at every byte', async () => {
    for (const text of VALID) {
      const bytes = Buffer.from(text, 'latin1');
      for (let end = 0; end < bytes.length; end++) await expectSame([bytes.subarray(0, end)], 'GET');
    }
  });

  it('says the same as undici of 12,000 answers made up, mangled, and cut into pieces', async () => {
    const random = new Random(SEED, 'answers', 0);
    const verdicts = new Map<string, number>();
    for (let n = 0; n < 12_000; n++) {
      const bytes = mangled(Buffer.from(madeUp(random), 'latin1'), random);
      const verdict = await expectSame(inPieces(bytes, random), chance(random, 0.9) ? 'GET' : 'HEAD');
      const kind = verdict.split(' ')[0] ?? '';
      verdicts.set(kind, (verdicts.get(kind) ?? 0) + 1);
    }
    // The mixture is worth something only if every verdict comes up often.
    for (const kind of ['answered', 'malformed', 'ended']) expect(verdicts.get(kind), kind).toBeGreaterThan(500);
  }, 60_000);

  it('knows no head before the first one', async () => {
    vi.resetModules();
    const { ResponseParser: Fresh } = await import('./response-parser.ts');
    const parser = new Fresh(LIMITS);
    parser.expect('GET');
    // What a server of HTTP/2 begins with.
    expect(parser.feed(Buffer.from([0, 0, 18, 4, 0, 0, 0, 0, 0]))).toBe('failed');
    expect(parser.problem?.kind).toBe('malformed');
  });

  it('survives 100,000 pieces of noise with a verdict and bounded memory', () => {
    const random = new Random(SEED, 'noise', 0);
    const parser = new ResponseParser(LIMITS);
    const outcomes = new Set<string>();
    for (let n = 0; n < 100_000; n++) {
      parser.expect('GET');
      const bytes = mangled(Buffer.from(chance(random, 0.5) ? madeUp(random) : noise(random), 'latin1'), random);
      outcomes.add(parser.feed(bytes));
      expect(parser.body.length).toBeLessThanOrEqual(LIMITS.bodyBytes);
    }
    expect([...outcomes].sort()).toEqual(['done', 'failed', 'more']);
  }, 60_000);

  it('gives up an endless head, an endless chunk line and endless trailers', () => {
    for (const [start, forever] of [
      ['HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
      ['HTTP/1.1 200 OK\r\nx: ', 'y'],
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;', 'x'],
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n', 'x: y\r\n'],
    ] as const) {
      const parser = new ResponseParser(LIMITS);
      parser.expect('GET');
      parser.feed(Buffer.from(start));
      let fed = 0;
      while (parser.feed(Buffer.from(forever)) === 'more') {
        fed += forever.length;
        expect(fed).toBeLessThanOrEqual(LIMITS.headBytes + 2 * forever.length);
      }
      expect(parser.problem?.kind).toBe('too-large');
    }
  });
});

const VALID = [
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;name=value\r\nhello\r\n00b\r\n, and world!\r\n0\r\n\r\n'.replace(
    '00b',
    '00c',
  ),
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\nx-trailer: yes\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n',
  'HTTP/1.1 200 \r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\nuntil the connection ends',
];

/** `answered STATUS BODY`, `malformed`, `too-large`, or `ended` when the connection ended before the answer did. */
async function expectSame(pieces: Buffer[], method: 'GET' | 'HEAD'): Promise<string> {
  const ours = ourVerdict(pieces, method);
  const theirs = await undiciVerdict(pieces, method);
  if (ours !== theirs && !knownDifference(pieces, ours, theirs)) {
    const shown = pieces.map((piece) => JSON.stringify(piece.toString('latin1'))).join(' | ');
    expect(ours, `${method} answered by ${shown}`).toBe(theirs);
  }
  return ours;
}

/** Where the two may differ, and why. */
function knownDifference(pieces: Buffer[], ours: string, theirs: string): boolean {
  const text = Buffer.concat(pieces).toString('latin1');
  // llhttp reads a head as it comes, this parser once it is whole. And of what both refuse, undici may say only that
  // its connection ended.
  const refusals = /^(ended|malformed)/;
  if (refusals.test(ours) && theirs === 'ended') return true;
  if (ours === 'ended before its head did' && refusals.test(theirs)) return true;
  // A body that ends before its length is a mismatch to undici where the connection was to be closed anyway.
  if (ours === 'ended' && theirs === 'malformed') return /^HTTP\/1\.0|connection: *close/im.test(text);
  // undici gives up a connection on which a status below 101 comes, and calls that no name.
  if (/HTTP\/1\.[01] (0|100)/.test(text)) return refusals.test(ours) && theirs === 'other';
  return LLHTTP_HABITS.some((habit) => habit.test(text));
}

const LLHTTP_HABITS = [
  // It takes only some of the white space that RFC 9112 allows behind a length.
  /content-length: *\d+[ \t]+\r/i,
  // It reads the names of chunk extensions, which nobody uses.
  /\n[0-9a-f]+;(?![\w=]+\r)/i,
  // It forgives empty lines before an answer, and two carriage returns in a row.
  /^[\r\n]/,
  /\r\r/,
];

/** Twice: the second time it may know the head already, which must make no difference. */
function ourVerdict(pieces: Buffer[], method: string): string {
  const verdict = verdictOnce(pieces, method);
  expect(verdictOnce(pieces, method)).toBe(verdict);
  return verdict;
}

function verdictOnce(pieces: Buffer[], method: string): string {
  const parser = new ResponseParser(LIMITS);
  parser.expect(method);
  for (const piece of pieces) {
    const outcome = parser.feed(piece);
    if (outcome === 'failed') return parser.problem?.kind ?? 'failed without a problem';
    if (outcome === 'done') return answered(parser);
  }
  if (parser.close() === 'done') return answered(parser);
  return parser.status === 0 ? 'ended before its head did' : 'ended';
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}

function answered(parser: ResponseParser): string {
  return `answered ${parser.status} ${textOf(parser.body)}`;
}

async function undiciVerdict(pieces: Buffer[], method: Method): Promise<string> {
  const driver = undiciDriver({
    connections: 1,
    nowMs: () => performance.now(),
    bodyBytes: LIMITS.bodyBytes,
    connect: (_, done) => setImmediate(() => done(null, new Answering(pieces))),
  });
  try {
    const { status, body } = await sending(driver, { origin: 'http://a.test', method });
    return `answered ${status} ${body}`;
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    return error.kind === 'reset' || error.kind === 'truncated' ? 'ended' : error.kind;
  } finally {
    await driver.close();
  }
}

/** A socket without a network: answers the first request with some pieces, and ends. */
class Answering extends Socket {
  readonly #pieces: Buffer[];
  #asked = false;

  constructor(pieces: Buffer[]) {
    super();
    this.#pieces = pieces;
  }

  override _read(): void {}

  override _write(_: Buffer, __: BufferEncoding, done: () => void): void {
    if (!this.#asked) this.#answer();
    this.#asked = true;
    done();
  }

  async #answer(): Promise<void> {
    for (const piece of this.#pieces) {
      await new Promise(setImmediate);
      if (this.destroyed) return;
      this.push(piece);
    }
    await new Promise(setImmediate);
    if (!this.destroyed) this.push(null);
  }
}

function madeUp(random: Random): string {
  const body = text(random, between(random, 0, 40), PRINTABLE);
  const status = pick(random, [
    '200',
    '200',
    '200',
    '201',
    '204',
    '304',
    '404',
    '500',
    '404',
    '103',
    '1000',
    '000',
    '200x',
  ]);
  const version = pick(random, [...Array(12).fill('HTTP/1.1'), 'HTTP/1.0', 'HTTP/1.0', 'HTTP/1.7', 'http/1.1']);
  const fields = Array.from({ length: between(random, 0, 3) }, () => field(random));
  const framing = between(random, 0, 9);
  let content = body;
  if (framing < 4) fields.push(`Content-Length: ${chance(random, 0.9) ? body.length : between(random, 0, 60)}`);
  else if (framing < 8) {
    fields.push(
      `Transfer-Encoding: ${pick(random, ['chunked', 'chunked', 'Chunked', 'gzip, chunked', 'chunked, gzip', 'gzip'])}`,
    );
    content = chunks(body, random);
  }
  if (chance(random, 0.03))
    fields.push(pick(random, ['content-length: 3', 'Transfer-Encoding: chunked', 'upgrade: h2c']));
  const interim = chance(random, 0.1) ? 'HTTP/1.1 103 Early Hints\r\n\r\n' : '';
  return `${interim}${version} ${status} ${pick(random, ['OK', '', 'Not so good'])}\r\n${fields.map((each) => `${each}\r\n`).join('')}\r\n${content}`;
}

function field(random: Random): string {
  const name = pick(random, [
    'x-a',
    'Server',
    'connection',
    'keep-alive',
    'set-cookie',
    'date',
    text(random, between(random, 0, 6), PRINTABLE),
  ]);
  const value = pick(random, [
    'close',
    'keep-alive',
    'timeout=5',
    '',
    ' ',
    'a, b',
    '\t tab',
    'höher',
    text(random, between(random, 0, 20), PRINTABLE),
  ]);
  return `${name}:${chance(random, 0.9) ? ' ' : ''}${value}`;
}

function chunks(body: string, random: Random): string {
  let out = '';
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, between(random, 1, 15));
    const head = chance(random, 0.9)
      ? size.toString(16)
      : pick(random, ['', '0x1', '-1', 'fffffffffffffffff', ' 3', '3 ']);
    out += `${chance(random, 0.1) ? '00' : ''}${head}${chance(random, 0.1) ? ';a=b' : ''}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${out}0\r\n${chance(random, 0.2) ? `${field(random)}\r\n` : ''}\r\n`;
}

/** Mostly as it was; otherwise a byte changed, lost, doubled or put in, or the end cut off. */
function mangled(bytes: Buffer, random: Random): Buffer {
  let out = bytes;
  for (let left = chance(random, 0.7) ? 0 : between(random, 1, 2); left > 0; left--) {
    const at = between(random, 0, out.length);
    const before = out.subarray(0, at);
    const after = out.subarray(Math.min(out.length, at + 1));
    const byte = Buffer.from([
      chance(random, 0.5) ? between(random, 0, 255) : pick(random, [0, 9, 10, 13, 32, 58, 59]),
    ]);
    switch (between(random, 0, 4)) {
      case 0:
        out = Buffer.concat([before, byte, after]);
        break;
      case 1:
        out = Buffer.concat([before, after]);
        break;
      case 2:
        out = Buffer.concat([before, byte, out.subarray(at)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, Math.min(out.length, at + 8)), out.subarray(at)]);
        break;
      default:
        out = before;
    }
  }
  return out;
}

function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = chance(random, 0.5) ? bytes.length : between(random, 1, 30);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function noise(random: Random): string {
  return `${chance(random, 0.5) ? 'HTTP/1.1 200 OK\r\n' : ''}${text(random, between(random, 0, 300), ANY)}`;
}

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const ANY = Array.from({ length: 256 }, (_, index) => String.fromCharCode(index));

function text(random: Random, length: number, alphabet: readonly string[]): string {
  return Array.from({ length }, () => pick(random, alphabet)).join('');
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[between(random, 0, items.length - 1)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random.number() * (high - low + 1));
}

function chance(random: Random, probability: number): boolean {
  return random.number() < probability;
}
