import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { ExpositionError, type ExpositionFormat, ExpositionReader } from './exposition.ts';
import { formatNumber, parseNumber } from './number-text.ts';

function read(text: string, format: ExpositionFormat = 'prometheus') {
  return new ExpositionReader((labels) => labels)
    .read(text, format)
    .map(({ handle, value, tMs }) => ({ labels: handle, value, ...(tMs === undefined ? {} : { tMs }) }));
}

test('names, labels, escapes and values are read', () => {
  const text = [
    '# HELP x What it is \\n about',
    '# TYPE x counter',
    'x 1',
    '  spaced{ a = "b" , }   2.5e3  ',
    '',
    '# just a remark',
    'x{path="C:\\\\dir\\n\\"quoted\\"",brace="}{ #",empty=""} 3',
    'rule:sum{a="ü€"} -Inf',
    'y +Inf\r',
    'z NaN',
  ].join('\n');
  expect(read(text)).toEqual([
    { labels: { __name__: 'x' }, value: 1 },
    { labels: { __name__: 'spaced', a: 'b' }, value: 2_500 },
    { labels: { __name__: 'x', path: 'C:\\dir\n"quoted"', brace: '}{ #', empty: '' }, value: 3 },
    { labels: { __name__: 'rule:sum', a: 'ü€' }, value: Number.NEGATIVE_INFINITY },
    { labels: { __name__: 'y' }, value: Number.POSITIVE_INFINITY },
    { labels: { __name__: 'z' }, value: Number.NaN },
  ]);
});

test('timestamps are milliseconds in the one format and seconds in the other', () => {
  expect(read('x 1 1700000000123')).toMatchObject([{ tMs: 1_700_000_000_123 }]);
  expect(read('x 1 1700000000.123\n# EOF\n', 'openmetrics')).toMatchObject([{ tMs: 1_700_000_000_123 }]);
});

test('exemplars are passed over', () => {
  const text = 'h_bucket{le="1"} 7 # {trace_id="a # b"} 0.5 1700000000.1\nh_bucket{le="2"} 8 12.5 # {} 1\n# EOF\n';
  expect(read(text, 'openmetrics')).toMatchObject([{ value: 7 }, { value: 8, tMs: 12_500 }]);
});

test('a series is resolved once, however often it is read', () => {
  const resolved: string[] = [];
  const reader = new ExpositionReader((labels) => resolved.push(labels.__name__ ?? ''));
  for (let i = 0; i < 3; i++) reader.read(`x{a="1"} ${i}\ny ${i}\n`, 'prometheus');
  expect(resolved).toEqual(['x', 'y']);
});

test('what prom-client writes is read, in both of its formats', async () => {
  for (const type of [Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE] as const) {
    const registry = new Registry<typeof type>();
    registry.setContentType(type);
    const registers = [registry];
    new Counter({ name: 'c_total', help: 'a "help"\n', labelNames: ['l'], registers }).inc({ l: 'a"b\\c\nd' }, 3);
    new Gauge({ name: 'g', help: 'h', registers }).set(-1.5e-9);
    new Histogram({ name: 'h', help: 'h', buckets: [1, 2], registers }).observe(1.5);
    new Summary({ name: 's', help: 'h', percentiles: [0.5], registers });
    const format = type === Registry.OPENMETRICS_CONTENT_TYPE ? 'openmetrics' : 'prometheus';
    const samples = read(await registry.metrics(), format);
    expect(samples).toContainEqual({ labels: { __name__: 'c_total', l: 'a"b\\c\nd' }, value: 3 });
    expect(samples).toContainEqual({ labels: { __name__: 'g' }, value: -1.5e-9 });
    expect(samples).toContainEqual({ labels: { __name__: 'h_bucket', le: '+Inf' }, value: 1 });
  }
});

describe('what is wrong is said with line and column', () => {
  test.each<[text: string, message: string]>([
    ['x', '1:2: expected a space and a value, got the end of the line'],
    ['x 1\ny', '2:2: expected a space and a value'],
    ['x abc', '1:3: expected a value, got "abc"'],
    ['x 1 soon', '1:5: expected a timestamp, got "soon"'],
    ['x 1 2 3', '1:7: unexpected "3" after the sample'],
    ['x{a="1} 2', '1:2: unterminated label value'],
    ['x{a="1" 2', '1:2: labels without a closing "}"'],
    ['x{a=1} 2', '1:5: expected a quoted value of label a, got "1"'],
    ['x{a "1"} 2', '1:5: expected "=" after label a'],
    ['x{a="1" b="2"} 2', '1:9: expected "," or "}" after a label, got "b"'],
    ['x{a="1",a="2"} 2', '1:9: label a is set twice'],
    ['x{0a="1"} 2', '1:3: expected the name of a label, got "0"'],
    ['<html>', '1:1: expected the name of a metric, got "<"'],
    ['x-y 1', '1:2: unexpected "-" in the name of a metric'],
    ['x{a="1"}2', '1:9: expected a space and a value, got "2"'],
    ['# TYPE x thing', '1:10: unknown type "thing", expected one of counter, gauge'],
  ])('%j', (text, message) => expect(() => read(text)).toThrow(message));

  test('OpenMetrics must end, and end there', () => {
    expect(() => read('x 1\n', 'openmetrics')).toThrow('2:1: the text ends without # EOF, it may be cut off');
    expect(() => read('x 1\n# EOF\ny 1\n', 'openmetrics')).toThrow('3:1: text after # EOF');
    expect(() => read('x 1\n\n# EOF\n', 'openmetrics')).toThrow('2:1: empty line');
  });

  test('any text gives samples or an ExpositionError', () => {
    const piece = fc.constantFrom(
      'x',
      '{',
      '}',
      '"',
      '\\',
      ',',
      '=',
      ' ',
      '1',
      '\n',
      '#',
      '# TYPE ',
      '# EOF',
      '\t',
      'é',
      '\r',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('prometheus' as const, 'openmetrics' as const), (source, format) => {
        try {
          read(source, format);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpositionError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test('every number is written so that it reads back the same', () => {
  fc.assert(fc.property(fc.double(), (value) => Object.is(parseNumber(formatNumber(value)), value)));
  expect(['1_000', '0x1', '', '.', '1e', '--1', 'infinite'].map(parseNumber)).toEqual(Array(7).fill(undefined));
});

test('names that Prometheus 3 writes in quotes are read', () => {
  const all: Record<string, string>[] = [];
  const reader = new ExpositionReader((labels) => all.push(labels));
  reader.read('{"my.metric",a="b"} 1\n{"my.metric"} 2\nplain{"the.label"="c"} 3\n', 'prometheus');
  expect(all).toEqual([
    { __name__: 'my.metric', a: 'b' },
    { __name__: 'my.metric' },
    { __name__: 'plain', 'the.label': 'c' },
  ]);
  expect(() => reader.read('{a="b"} 1\n', 'prometheus')).toThrow('1:7: expected the name of a metric');
});

test('what a target says about its metrics is told once', () => {
  const said: string[][] = [];
  const reader = new ExpositionReader(
    () => 0,
    (...what) => said.push(what),
  );
  const text =
    '# HELP x_total Two\\nlines, one \\\\.\n# TYPE x_total counter\n# UNIT x_total orders\n# a remark\nx_total 1\n';
  for (let i = 0; i < 3; i++) reader.read(text, 'prometheus');
  expect(said).toEqual([
    ['x_total', 'help', 'Two\nlines, one \\.'],
    ['x_total', 'type', 'counter'],
    ['x_total', 'unit', 'orders'],
  ]);
});
