import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isAlive, markOf } from '../../../chaos/process-mark.ts';
import { EXIT, StampedeError } from '../../errors.ts';

const markSchema = z.object({ pid: z.number(), started: z.string() });

/**
 * One start of a stack at a time: a second one would take what the first has made so far for something left behind.
 * Returns what gives it back. @throws StampedeError while another process holds it
 */
export function takeStartLock(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  const holder = existsSync(path) ? markSchema.safeParse(parseJson(readFileSync(path, 'utf8'))) : undefined;
  if (holder?.success && holder.data.pid !== process.pid && isAlive(holder.data)) {
    throw new StampedeError('target/being-started', 'The stack of this folder is being started already.', {
      exitCode: EXIT.environment,
      facts: [`by process ${holder.data.pid}`],
      hint: 'wait for it; stampede run and target up then join what is there',
    });
  }
  writeFileSync(path, JSON.stringify(markOf(process.pid)));
  return () => rmSync(path, { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
