import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { composeFiles } from './files.ts';

/** `node target-app/compose/write-files.ts`: makes what docker-compose.yml mounts anew. */
for (const [path, text] of Object.entries(composeFiles())) {
  const file = join(import.meta.dirname, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
