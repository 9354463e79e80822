import { describe, expect, it } from 'vitest';
import { readFaultText } from './fault-text.ts';

const problemsOf = (text: string) => {
  const bound = readFaultText(text);
  return bound.ok ? [] : bound.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('a fault in a line', () => {
  it('is its kind and its settings', () => {
    expect(readFaultText('latency link=orders->shard-eu-0 latencyMs=800 jitterMs=5')).toMatchObject({
      ok: true,
      fault: { kind: 'latency', settings: '800 ms, jitter 5 ms' },
    });
  });

  it('takes selectors with an equals sign, and values in quotes', () => {
    expect(readFaultText("kill node='role=gateway,region=eu' restart=at-once")).toMatchObject({ ok: true });
    expect(readFaultText('kill node=role=gateway')).toMatchObject({ ok: true });
  });

  it('says everything that is wrong with it at once', () => {
    expect(problemsOf('latency link latencyMs=-1 jiterMs=5')).toEqual([
      "link: expected key=value, got 'link'",
      expect.stringMatching(/^link: /),
      expect.stringMatching(/^latencyMs: /),
      expect.stringMatching(/^jiterMs: unknown key. Did you mean jitterMs\?/),
    ]);
    expect(problemsOf('latncy link=a')).toEqual([
      expect.stringMatching(/no such fault 'latncy'. Did you mean latency\?/),
    ]);
    expect(problemsOf('')).toEqual(['kind: expected a fault: KIND key=value ...']);
    expect(problemsOf('down link=a link=b')).toEqual(['link: is there twice']);
  });
});
