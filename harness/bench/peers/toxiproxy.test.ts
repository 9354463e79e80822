import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { originalToxiproxy } from './toxiproxy.ts';

const folder = mkdtempSync(join(tmpdir(), 'toxiproxy-version-'));
afterAll(() => rmSync(folder, { recursive: true }));

function program(says: string): string {
  const path = join(folder, says.replaceAll(/\W/g, '-'));
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 });
  return path;
}

it('is called what it says it is', () => {
  const path = program('toxiproxy-server version 2.9.0');
  expect(originalToxiproxy(path)).toEqual({ path, version: '2.9.0' });
});

it('is called git when nobody knows more', () => {
  const path = program('toxiproxy-server version git');
  expect(originalToxiproxy(path)).toEqual({ path, version: 'git' });
});

it('is missing when it is something else, or is not there', () => {
  const other = program('nginx version: nginx/1.26.3');
  expect(originalToxiproxy(other)).toEqual({
    missing: `expected the version of toxiproxy-server from ${other}, got 'nginx version: nginx/1.26.3'`,
  });
  expect(originalToxiproxy('/none')).toMatchObject({ missing: expect.stringContaining('ENOENT') });
});
