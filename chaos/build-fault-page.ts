import { writeFileSync } from 'node:fs';
import { faultPage } from './fault-page.ts';

/** Writes docs/faults.md anew. */
writeFileSync(new URL('../docs/faults.md', import.meta.url), faultPage());
