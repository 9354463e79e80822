import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Calibration, readCalibration, saveCalibration } from './calibration.ts';

const directory = mkdtempSync(join(tmpdir(), 'stampede-calibration-'));
afterAll(() => rmSync(directory, { recursive: true }));

const CALIBRATION: Calibration = {
  version: 1,
  measuredAt: '2026-11-25T03:00:00.000Z',
  node: 'v26',
  cores: 2,
  memoryGib: 8,
  engine: { requestsPerCoreSec: 100_000, requestsPerSec: 90_000 },
  autocannon: { requestsPerCoreSec: 60_000, requestsPerSec: 60_000 },
  usersPerGib: 1_000_000,
};

describe('a calibration', () => {
  it('is read as it was saved', () => {
    const file = join(directory, 'deep/calibration.json');
    saveCalibration(file, CALIBRATION);
    expect(readCalibration(file)).toEqual(CALIBRATION);
  });

  it('may not be there', () => {
    expect(readCalibration(join(directory, 'none.json'))).toBeUndefined();
  });

  it.each([
    ['not JSON', '{'],
    ['of another version', JSON.stringify({ ...CALIBRATION, version: 2 })],
    ['without a figure', JSON.stringify({ ...CALIBRATION, usersPerGib: 0 })],
  ])('that is %s is refused, with what to do', (_, text) => {
    const file = join(directory, 'bad.json');
    writeFileSync(file, text);
    expect(() => readCalibration(file)).toThrow(
      expect.objectContaining({ code: 'calibrate/unreadable', hint: 'stampede calibrate' }),
    );
  });
});
