import { describe, expect, it } from 'vitest';
import { catalogue } from '../../chaos/catalogue.ts';
import { readFaultText } from '../../chaos/fault-text.ts';
import { paperReference } from '../targets/reference.ts';
import { LANES, LEFT_OUT } from './cases.ts';

describe('the crash matrix', () => {
  const kinds = LANES.flat().map((fault) => fault.split(' ')[0] ?? '');

  it('has every fault of the catalogue, or says why not', () => {
    expect([...kinds, ...Object.keys(LEFT_OUT)].sort()).toEqual(catalogue.map(({ kind }) => kind).sort());
  });

  it.each(LANES.flat())('can inject %s on the reference target', (fault) => {
    const bound = readFaultText(fault);
    expect(bound.ok ? bound.fault.resolve(paperReference()) : bound).toMatchObject({ ok: true });
  });
});
