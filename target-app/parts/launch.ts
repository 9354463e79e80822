import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a part that is a program of its own is run: in a folder of its own, with files that were made for it. */
export interface PartLaunch {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Where all its processes work: what ties them together, however they fork. */
  folder: string;
  /** By name, below the folder. */
  files: Readonly<Record<string, string>>;
  /** What ends it at once, when nothing that it holds is of use any more. */
  stopSignal: NodeJS.Signals;
}

export function writeFiles({ folder, files }: PartLaunch): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}
