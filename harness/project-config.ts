import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { EXIT, messageOf, type Problem, StampedeError } from './errors.ts';
import type { BlastCap } from './scenario/blast-radius.ts';
import { nearest } from './scenario/reader.ts';

/** What holds for every scenario of a project, whatever it says itself. */
const CHAOS_KEYS = ['never', 'maxTargets', 'maxPercent'];
const schema = z.strictObject({
  chaos: z
    .strictObject({
      /** Selectors of nodes and links that no fault may hit. */
      never: z.array(z.string({ error: 'expected a selector such as role=database' })).default([]),
      /** Of one fault. */
      maxTargets: z.int({ error: 'expected a whole number of targets' }).positive().optional(),
      /** Of the nodes of one role that one fault may hit. */
      maxPercent: z.number({ error: 'expected percent, above 0 up to 100' }).gt(0).max(100).optional(),
    })
    .default({ never: [] }),
});

export const PROJECT_FILE = 'stampede.config.json';

/** Reads `stampede.config.json` of a directory; everything is allowed where there is none. @throws StampedeError, exit 2 */
export function blastCapOf(directory: string): BlastCap {
  const path = resolve(directory, PROJECT_FILE);
  if (!existsSync(path)) return { never: [] };
  const parsed = schema.safeParse(readJson(path));
  if (parsed.success) return parsed.data.chaos;
  throw new StampedeError('config/problems', `${PROJECT_FILE} is wrong; nothing was started.`, {
    exitCode: EXIT.usage,
    problems: parsed.error.issues.flatMap(problemsOf),
    hint: 'docs/chaos.md says what can stand in it',
  });
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [{ path: path || PROJECT_FILE, message: issue.message }];
  const known = path === 'chaos' ? CHAOS_KEYS : ['chaos'];
  return issue.keys.map((key) => ({
    path: path === '' ? key : `${path}.${key}`,
    message: `unknown key. ${nearest(key, known)}`,
  }));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new StampedeError('config/unreadable', `${PROJECT_FILE} is no JSON: ${messageOf(error)}.`, {
      exitCode: EXIT.usage,
    });
  }
}
