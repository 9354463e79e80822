import { expect, it } from 'vitest';
import { makeStaticAssets } from '../target-app/static-assets.ts';
import viral from './viral.ts';

it('the slow readers of scenarios/viral.ts ask for a file that the shop has, and for the biggest', () => {
  const biggest = makeStaticAssets().toSorted((a, b) => b.body.length - a.body.length)[0];
  expect(JSON.stringify(viral.definition.faults)).toContain(`"${biggest?.path}"`);
});
