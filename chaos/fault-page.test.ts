import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.ts';
import { faultPage } from './fault-page.ts';

describe('the page of faults', () => {
  it('is as the catalogue has it (npm run build:faults makes it anew)', () => {
    expect(readFileSync(new URL('../docs/faults.md', import.meta.url), 'utf8')).toBe(faultPage());
  });

  it('says of every setting of every fault what it means, and of every fault how it is proven and undone', () => {
    for (const { kind, fields, about, needs, provenBy, undoneBy } of catalogue) {
      for (const text of [about, needs, provenBy, undoneBy]) expect(text, kind).not.toBe('');
      for (const { name, about: meaning } of fields) expect(meaning, `${kind}.${name}`).not.toBe('');
    }
  });
});
