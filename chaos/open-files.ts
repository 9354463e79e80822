import { readFileSync } from 'node:fs';

/** How many files and connections a process of ours may have open; the usual 1,024 where the system does not tell (Linux does). */
export function openFilesLimit(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits())?.[1];
  if (soft === undefined) return 1_024;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function limits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
