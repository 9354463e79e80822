import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '../message-of.ts';
import type { AntagonistKind } from './antagonist.ts';
import { busyLoops } from './busy-loops.ts';
import { heldMemory } from './held-memory.ts';
import { herd } from './herd.ts';
import { hotKey } from './hot-key.ts';
import { slowReaders } from './slow-readers.ts';

/**
 * One antagonist: `node main.ts KIND --stampede-fault=ID --against=ENTRY --ttl-ms=N --settings=JSON`. The first two
 * are for those who look for it. It says `ready` on standard output when it is at work.
 */
const kinds: Record<string, (settings: unknown) => Promise<void>> = {
  'busy-loops': kind(busyLoops),
  'held-memory': kind(heldMemory),
  herd: kind(herd),
  'hot-key': kind(hotKey),
  'slow-readers': kind(slowReaders),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'stampede-fault': { type: 'string' },
    against: { type: 'string' },
    'ttl-ms': { type: 'string' },
    settings: { type: 'string', default: '{}' },
  },
});
const ttlMs = Number(values['ttl-ms']);
const begin = kinds[positionals[0] ?? ''];
if (!(ttlMs > 0) || begin === undefined || values['stampede-fault'] === undefined) {
  process.stderr.write(`expected one of ${Object.keys(kinds).join(', ')}, --stampede-fault and --ttl-ms\n`);
  process.exit(2);
}

// First of all, so that nothing that goes wrong later can keep it alive.
setTimeout(() => process.exit(0), ttlMs);
// Whoever started it may be gone, and nobody reads what it says.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
offerToDieFirst();
try {
  await begin(JSON.parse(values.settings));
  process.stdout.write('ready\n');
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`, () => process.exit(1));
}

function kind<Settings>({ settings, begin }: AntagonistKind<Settings>): (given: unknown) => Promise<void> {
  return async (given) => begin(settings.parse(given));
}

/** A machine that runs out of memory is to end this process, and not one of the system under test. */
function offerToDieFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Only Linux asks.
  }
}
