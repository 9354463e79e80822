import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { EXIT, StampedeError } from '../errors.ts';

const Generator = z.strictObject({
  /** What one core of this machine would send with nothing else to do: requests over the CPU time they took. */
  requestsPerCoreSec: z.number().positive(),
  /** What was sent a second, with the server on the same machine. */
  requestsPerSec: z.number().positive(),
});

const Calibration = z.strictObject({
  version: z.literal(1),
  measuredAt: z.string(),
  node: z.string(),
  cores: z.number().int().positive(),
  memoryGib: z.number().positive(),
  engine: Generator,
  /** For comparison: a well-known generator, in the same closed loop. */
  autocannon: Generator,
  /** Users who think in their flows, in motion, that a GiB of memory holds. */
  usersPerGib: z.number().positive(),
});

/** What `stampede calibrate` found out about this machine. */
export type Calibration = Readonly<z.infer<typeof Calibration>>;
export type GeneratorCeiling = Calibration['engine'];

/** Undefined when this machine has never been calibrated. Throws when the file is not one of ours. */
export function readCalibration(file: string): Calibration | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const parsed = Calibration.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StampedeError('calibrate/unreadable', `${file} is not a calibration of this version of stampede.`, {
    exitCode: EXIT.environment,
    facts: [`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'unreadable'}`],
    hint: 'stampede calibrate',
  });
}

/** Whole or not at all: a plan may be reading it. */
export function saveCalibration(file: string, calibration: Calibration): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(calibration, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
