import { describe, expect, it } from 'vitest';
import { catalogue } from '../../chaos/catalogue.ts';
import { fakeTopology } from '../../chaos/docker/testing-aim.ts';
import { readFaultText } from '../../chaos/fault-text.ts';
import { paperReference } from '../targets/reference.ts';
import { CONTAINER_LANES, CONTAINERS, LANES, LEFT_OUT } from './cases.ts';

describe('the crash matrix', () => {
  const kinds = new Set([...LANES, ...CONTAINER_LANES].flat().map((fault) => fault.split(' ')[0] ?? ''));

  it('has every fault of the catalogue, or says why not', () => {
    expect([...kinds, ...Object.keys(LEFT_OUT)].sort()).toEqual(catalogue.map(({ kind }) => kind).sort());
  });

  it.each(LANES.flat())('can inject %s on the reference target', (fault) => {
    const bound = readFaultText(fault);
    expect(bound.ok ? bound.fault.resolve(paperReference()) : bound).toMatchObject({ ok: true });
  });

  it.each(CONTAINER_LANES.flat())('can inject %s on a container', (fault) => {
    const bound = readFaultText(fault);
    const names = Object.fromEntries(Object.keys(CONTAINERS).map((name) => [name, name]));
    const topology = fakeTopology({ address: 'unix:///nowhere.sock' }, names);
    expect(bound.ok ? bound.fault.resolve(topology) : bound).toMatchObject({ ok: true });
  });
});
