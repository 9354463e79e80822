import { relative } from 'node:path';
import { calibrate } from '../calibrate/calibrate.ts';
import { type Calibration, saveCalibration } from '../calibrate/calibration.ts';
import { EXIT, StampedeError } from '../errors.ts';
import { calibrationFile } from '../places.ts';
import type { CommandResult } from './command.ts';

/** `stampede calibrate`: this machine's ceiling, measured and kept for `stampede plan`. */
export async function calibrateCommand(say: (line: string) => void): Promise<CommandResult> {
  const stop = new AbortController();
  const interrupt = () => {
    const text = 'Interrupted; nothing was saved.';
    stop.abort(new StampedeError('calibrate/interrupted', text, { exitCode: EXIT.interrupted }));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    say('measuring this machine, about 20 s; other work on it makes the figures smaller');
    const calibration = await calibrate({ say, signal: stop.signal });
    saveCalibration(calibrationFile, calibration);
    return { exitCode: EXIT.passed, text: render(calibration), json: calibration };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function render({ engine, autocannon, usersPerGib, cores }: Calibration): string {
  const count = (value: number) => value.toLocaleString('en-US');
  const times = (engine.requestsPerCoreSec / autocannon.requestsPerCoreSec).toFixed(1);
  return [
    `requests/s a core  ${count(engine.requestsPerCoreSec)} with our engine, ${count(autocannon.requestsPerCoreSec)} with autocannon (${times} x)`,
    `requests/s here    ${count(engine.requestsPerSec)} from one process, with the server on the same ${cores} cores`,
    `users a GiB        ${count(usersPerGib)} with thinking time`,
    '',
    `Saved in ${relative(process.cwd(), calibrationFile)}; stampede plan uses it.`,
    '',
  ].join('\n');
}
