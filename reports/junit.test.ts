import { describe, expect, it } from 'vitest';
import { emptyRun, failedRun, hostileRun, inconclusiveRun, passedRun } from './fixture.ts';
import { renderJunit } from './junit.ts';

describe('junit.xml', () => {
  it('has a suite for each window and a case for each promise in it', () => {
    const suites = parse(renderJunit(failedRun().verdict)).children;
    expect(suites.map((suite) => suite.attributes.name)).toEqual([
      'slow-shard.run',
      'slow-shard.steady',
      'slow-shard.fault-slow-shard',
      'slow-shard.recovery-slow-shard',
      'slow-shard.fault-gateway-down',
      'slow-shard.recovery-gateway-down',
      'slow-shard.whole',
      'slow-shard.faults',
      'slow-shard.invariants',
      'slow-shard.validity',
      'slow-shard.residue',
    ]);
    const [first] = cases(suites[2]);
    expect(first?.attributes).toEqual({
      classname: 'stampede.slow-shard.fault-slow-shard',
      name: 'checkout p99 < 400 ms',
      time: '46.0',
      file: 'scenarios/slow-shard.ts',
      line: '14',
    });
    const failure = first?.children.find((child) => child.name === 'failure');
    expect(failure?.attributes.type).toBe('slo');
    expect(failure?.attributes.message).toMatch(/^612 ms, limit < 400 ms \(n = 18,432\)/);
    expect(failure?.text.startsWith(failure.attributes.message ?? '-')).toBe(true);
  });

  it('has counts that add up on every level', () => {
    for (const model of [failedRun(), passedRun(), inconclusiveRun(), hostileRun(), emptyRun()]) {
      const root = parse(renderJunit(model.verdict));
      for (const key of ['tests', 'failures', 'errors', 'skipped']) {
        const ofSuites = root.children.map((suite) => Number(suite.attributes[key]));
        expect(ofSuites.reduce((sum, n) => sum + n, 0)).toBe(Number(root.attributes[key]));
      }
      for (const suite of root.children) {
        const inside = cases(suite).flatMap((one) => one.children.map((child) => child.name));
        expect(Number(suite.attributes.tests)).toBe(cases(suite).length);
        expect(Number(suite.attributes.failures)).toBe(inside.filter((name) => name === 'failure').length);
        expect(Number(suite.attributes.errors)).toBe(inside.filter((name) => name === 'error').length);
        expect(Number(suite.attributes.skipped)).toBe(inside.filter((name) => name === 'skipped').length);
      }
    }
  });

  it('never makes inconclusive green: no data, no effect and an unfit generator are errors', () => {
    const root = parse(renderJunit(inconclusiveRun().verdict));
    const errors = root.children
      .flatMap((suite) => cases(suite))
      .filter((one) => one.children.some((child) => child.name === 'error'));
    const names = errors.map((one) => one.attributes.name);
    expect(names).toContain('search errors < 1 %');
    expect(names).toContain('slow-shard took effect');
    expect(names).toContain('generator: drops');
    expect(names).toContain('orders-exactly-once');
  });

  it('is all green for a run that passed', () => {
    const root = parse(renderJunit(passedRun().verdict));
    expect([root.attributes.failures, root.attributes.errors, root.attributes.skipped]).toEqual(['0', '0', '0']);
  });

  it('names the same tests whatever was measured', () => {
    const other = failedRun();
    other.verdict.run.id = 'another';
    for (const objective of other.verdict.objectives) for (const cell of objective.cells) cell.value = 77;
    for (const invariant of other.verdict.invariants) invariant.sentence = 'other words';
    const names = (xml: string): string[] =>
      parse(xml).children.flatMap((suite) =>
        cases(suite).map((one) => `${one.attributes.classname} ${one.attributes.name}`),
      );
    expect(names(renderJunit(other.verdict))).toEqual(names(renderJunit(failedRun().verdict)));
    expect(new Set(names(renderJunit(failedRun().verdict))).size).toBe(names(renderJunit(failedRun().verdict)).length);
  });

  it('has one case that says so when the target never started', () => {
    const root = parse(renderJunit(emptyRun().verdict));
    const [only] = cases(root.children[0]);
    expect(only?.attributes.name).toBe('target started');
    expect(only?.children[0]?.name).toBe('error');
    expect(root.attributes.tests).toBe('1');
  });

  it('skips what a stopped run did not reach, and says why', () => {
    const { verdict } = failedRun();
    verdict.ended = { how: 'stopped', reason: 'errors > 50 % for 10 s' };
    const root = parse(renderJunit(verdict));
    const all = root.children.flatMap((suite) => cases(suite));
    const skipped = all.filter((one) => one.children.some((child) => child.name === 'skipped'));
    expect(skipped.map((one) => one.attributes.name)).toEqual(['search errors < 1 %']);
    expect(skipped[0]?.children[0]?.attributes.message).toBe('stopped at 04:05.0: errors > 50 % for 10 s');
    expect(all[0]?.attributes.name).toBe('run finished');
    expect(all[0]?.children[0]?.name).toBe('error');
  });

  it('fails when a fault is left in place', () => {
    const { verdict } = failedRun();
    verdict.residue = ['latency on orders->shard-eu-0'];
    const residue = parse(renderJunit(verdict)).children.at(-1);
    expect(residue?.attributes.failures).toBe('1');
  });

  it('stays one document with hostile names, and its class names are plain', () => {
    const root = parse(renderJunit(hostileRun().verdict));
    const all = root.children.flatMap((suite) => cases(suite));
    for (const one of all) expect(one.attributes.classname).toMatch(/^[A-Za-z0-9._-]+$/);
    expect(all.some((one) => one.attributes.name?.includes('</script><!--<script>alert(1)'))).toBe(true);
  });

  it('is read back by a parser that refuses what is not XML', () => {
    expect(() => parse('<a b="<"/>')).toThrow();
    expect(() => parse('<a>\u0000</a>')).toThrow();
    expect(() => parse('<a><b></a>')).toThrow();
    expect(() => parse('<a>]]></a>')).toThrow();
    expect(() => parse('<a/><b/>')).toThrow();
  });
});

interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

function cases(suite: Element | undefined): Element[] {
  return suite?.children.filter((child) => child.name === 'testcase') ?? [];
}

/** Elements, attributes and text of a document without a DTD; throws where the document is not well-formed. */
function parse(document: string): Element {
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(document))
    throw new Error('a character XML forbids');
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const tokens = /<\?xml [^?]*\?>|<(\/?)([A-Za-z][\w.-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)|([\s\S])/g;
  for (const [token, closing, name, attributes, selfClosing, text, wrong] of document.matchAll(tokens)) {
    const current = open.at(-1);
    if (wrong !== undefined || current === undefined) throw new Error(`unexpected ${JSON.stringify(token)}`);
    if (text !== undefined) {
      if (text.includes(']]>')) throw new Error(']]> in text');
      if (open.length === 1 && text.trim() !== '') throw new Error('text outside of the root');
      current.text += decode(text);
    } else if (name !== undefined && closing === '/') {
      if (current.name !== name) throw new Error(`</${name}> closes <${current.name}>`);
      open.pop();
    } else if (name !== undefined) {
      const element: Element = { name, attributes: attributesOf(attributes ?? ''), children: [], text: '' };
      current.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
  }
  const [only, ...more] = root.children;
  if (open.length !== 1 || only === undefined || more.length > 0) throw new Error('not one closed root element');
  return only;
}

function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']): [string, string] => [
    key,
    decode(value),
  ]);
  if (new Set(found.map(([key]) => key)).size !== found.length) throw new Error('an attribute twice');
  return Object.fromEntries(found);
}

function decode(text: string): string {
  return text.replace(/&(#\d+|\w+)?;?/g, (whole, entity: string | undefined) => {
    if (entity?.startsWith('#')) return String.fromCodePoint(Number(entity.slice(1)));
    const known = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[entity ?? ''];
    if (known === undefined || !whole.endsWith(';')) throw new Error(`unknown entity ${whole}`);
    return known;
  });
}
