import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { engineAnswers, missingPrograms, realEngine } from '../../chaos/docker/testing-real-engine.ts';
import { scanResidue } from '../../chaos/residue.ts';
import { startReference } from '../targets/reference.ts';
import { CONTAINER_LANES, LANES } from './cases.ts';
import { startContainers } from './containers.ts';
import { crash, type Outcome, type Site } from './crash.ts';
import { POINTS, POINTS_WITHOUT_WATCHDOG } from './points.ts';
import { renderTable } from './table.ts';
import { useTheShop } from './traffic.ts';

/**
 * `npm run crash-matrix`: the harness is killed (SIGKILL) at every point of the life of a fault of every kind, with its watchdog and
 * without; how long until nothing is left? Without a watchdog the next start is what heals. Exits with 1 when anything is left,
 * or a point was not reached. Faults on containers are part of it where a Docker engine answers, which is told.
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  process.stdout.write(`npm run crash-matrix                           # all kinds, all points
npm run crash-matrix -- --only latency,kill    # some kinds
npm run crash-matrix -- --json                 # one JSON document on standard output
`);
  process.exit(0);
}
/** Longer than any proof takes; a fault that has been proven is ended early. */
const FAULT_MS = 15_000;

const wanted = values.only?.split(',');
const directory = mkdtempSync(join(tmpdir(), 'crash-matrix-'));
const say = (line: string) => process.stderr.write(`${line}\n`);
const halt = new AbortController();
process.once('SIGINT', () => halt.abort(new Error('interrupted')));
const startedMs = performance.now();

say('starting the reference target...');
const target = await startReference({ directory, tethered: true, onEvent: () => {}, signal: halt.signal });
const using = useTheShop(target.entry, halt.signal);
const missing = missingPrograms();
const whyNot = missing.length > 0 ? `${missing.join(', ')} cannot be found` : 'no Docker engine answers here';
const engine = missing.length === 0 && (await engineAnswers()) ? await realEngine() : undefined;
if (!engine) say(`skipped: faults on containers, because ${whyNot}`);
const outcomes: Outcome[] = [];
const residue: string[] = [];
try {
  const containers = engine && (await startContainers(engine));
  const lanes = [
    ...LANES.map((faults) => ({ faults, site: target })),
    ...(containers ? CONTAINER_LANES.map((faults) => ({ faults, site: containers })) : []),
  ];
  await Promise.all(lanes.map(runLane));
  for (const site of [target, containers]) {
    if (site) residue.push(...(await scanResidue(site.topology(), AbortSignal.timeout(30_000))));
  }
} finally {
  halt.abort();
  await using;
  await target.stop();
  await engine?.close();
  rmSync(directory, { recursive: true, force: true });
}
const tookSec = Math.round((performance.now() - startedMs) / 1_000);
const bad = outcomes.filter(({ problem }) => problem !== undefined);
if (values.json) process.stdout.write(`${JSON.stringify({ tookSec, residue, outcomes }, null, 2)}\n`);
const table = renderTable(outcomes);
(values.json ? process.stderr : process.stdout).write(
  `${table}\n${outcomes.length} points, ${bad.length} bad, ${tookSec} s; residue at the end: ${residue.join('; ') || 'none'}\n`,
);
for (const { fault, point, watchdog, problem } of bad)
  say(`✗ ${fault}, killed at '${point}' ${watchdog ? 'with' : 'without'} its watchdog: ${problem}`);
process.exitCode = bad.length === 0 && residue.length === 0 && outcomes.length > 0 ? 0 : 1;

async function runLane({ faults, site }: { faults: readonly string[]; site: Site }, lane: number): Promise<void> {
  for (const [index, fault] of faults.entries()) {
    const kind = fault.split(' ')[0] ?? '';
    if (wanted && !wanted.includes(kind)) continue;
    const undoDirectory = join(directory, `undo-${lane}-${index}`);
    const topology = join(directory, `topology-${lane}.json`);
    const fromMs = performance.now();
    for (const watchdog of [true, false]) {
      for (const point of watchdog ? POINTS : POINTS_WITHOUT_WATCHDOG) {
        if (halt.signal.aborted) return;
        // Process ids change with every restart.
        writeFileSync(topology, JSON.stringify(site.topology()));
        const run = `${kind}-${point.replaceAll(' ', '-')}-${watchdog ? 'w' : 'n'}`;
        const spec = { run, undoDirectory, topology, fault, point, watchdog, forMs: FAULT_MS };
        outcomes.push(await crash(spec, site));
      }
    }
    say(`${fault}: ${Math.round((performance.now() - fromMs) / 1_000)} s`);
  }
}
