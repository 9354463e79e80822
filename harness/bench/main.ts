import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import { packageRoot } from '../places.ts';
import { type BenchCase, type BenchContext, isMissing, type Missing } from './case.ts';
import { accuracy } from './cases/accuracy.ts';
import { cpu } from './cases/cpu.ts';
import { memory } from './cases/memory.ts';
import { million } from './cases/million.ts';
import { monitor } from './cases/monitor.ts';
import { rate } from './cases/rate.ts';
import { toxiproxy } from './cases/toxiproxy.ts';
import { startNginx } from './nginx.ts';
import { findNginx, findPeer, findToxiproxy } from './peers/all.ts';
import type { Peer } from './peers/peer.ts';
import { Processes } from './processes.ts';
import { type BenchResult, type Machine, resultOf } from './result.ts';
import { lineOf, merged, withTable } from './table.ts';

/** `npm run bench`: our figures beside those of others, on this machine, one after the other in turn. */

const CASES: BenchCase[] = [cpu, million, memory, rate, accuracy, monitor, toxiproxy];
const DOCUMENT = join(packageRoot, 'docs/performance.json');
const PAGE = join(packageRoot, 'docs/performance.md');

const peers = new Map<string, Peer | Missing>();
const processes = new Processes();
const scratch = mkdtempSync(join(tmpdir(), 'stampede-bench-'));
const say = (line: string) => void process.stderr.write(`${line}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    clear().then(() => process.exit(EXIT.interrupted));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(messageOf(error));
  const { facts, hint, exitCode } =
    error instanceof StampedeError ? error : { facts: [], hint: undefined, exitCode: 3 };
  for (const fact of facts) say(`  ${fact}`);
  if (hint !== undefined) say(`  do   ${hint}`);
  process.exitCode = exitCode;
} finally {
  await clear();
}

async function main(argv: string[]): Promise<number> {
  const { json, quick, docs, only } = read(argv);
  const results: BenchResult[] = [];
  for (const each of CASES) {
    if (only && !only.includes(each.name)) continue;
    say(`\n${each.name}  ${each.question}`);
    const machine = thisMachine();
    const measured = await each.run(context(quick));
    for (const one of measured) {
      const result = resultOf(each.name, one, machine, new Date().toISOString());
      results.push(result);
      say(lineOf(result));
    }
  }
  if (docs) writeDocs(results);
  if (json) process.stdout.write(`${JSON.stringify({ version: 1, quick, results }, null, 2)}\n`);
  const failed = results.filter((result) => result.ok === false);
  say(`\n${summary(results.filter((result) => result.bar !== undefined).length, failed)}`);
  return failed.length === 0 ? EXIT.passed : EXIT.failed;
}

function summary(bars: number, failed: readonly BenchResult[]): string {
  if (bars === 0) return 'Nothing of this is held to a bar.';
  return failed.length === 0 ? 'Every bar is met.' : `Not met: ${failed.map((result) => result.name).join(', ')}.`;
}

function read(argv: string[]): { json: boolean; quick: boolean; docs: boolean; only: string[] | undefined } {
  const usage = (what: string) =>
    new StampedeError('bench/usage', what, {
      exitCode: EXIT.usage,
      hint: `npm run bench -- [--json] [--quick] [--docs] [--only ${CASES.map((each) => each.name).join(',')}]`,
    });
  const flag = { type: 'boolean', default: false } as const;
  const options = { json: flag, quick: flag, docs: flag, only: { type: 'string' } } as const;
  let values: { json: boolean; quick: boolean; docs: boolean; only?: string | undefined };
  try {
    values = parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw usage(messageOf(error));
  }
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !CASES.some((each) => each.name === name)) ?? [];
  if (unknown.length > 0) throw usage(`There is no case ${unknown.join(', ')}.`);
  if (values.docs && values.quick)
    throw usage('Figures of quick runs are not for the docs: --docs goes without --quick.');
  return { json: values.json, quick: values.quick, docs: values.docs, only };
}

function context(quick: boolean): BenchContext {
  return {
    processes,
    scratch,
    quick,
    say,
    peer: async (name) => peerOf(name),
    toxiproxy: () => findToxiproxy(say),
    async nginx({ logTimes } = { logTimes: false }) {
      const binary = findNginx(say);
      return typeof binary === 'string' ? startNginx(binary, processes, scratch, logTimes) : binary;
    },
  };
}

/** Looked for once: a build that was refused is not tried again. */
function peerOf(name: string): Peer | Missing {
  const known = peers.get(name);
  if (known) return known;
  const found = findPeer(name, say);
  peers.set(name, found);
  if (isMissing(found)) say(`  skipped: ${name}, ${found.missing}`);
  return found;
}

function thisMachine(): Machine {
  const [first, ...others] = cpus();
  return {
    cores: 1 + others.length,
    cpu: first?.model.trim() ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split('.').slice(0, 2).join('.')}, Node ${process.version}`,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** Lines that were not measured this time stay as they were, with their date. */
function writeDocs(results: BenchResult[]): void {
  const before = existsSync(DOCUMENT)
    ? (JSON.parse(readFileSync(DOCUMENT, 'utf8')) as { results: BenchResult[] })
    : undefined;
  const all = merged(before?.results ?? [], results);
  writeFileSync(DOCUMENT, `${JSON.stringify({ version: 1, results: all }, null, 2)}\n`);
  writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), all));
  say('\ndocs/performance.md and docs/performance.json are written.');
}

async function clear(): Promise<void> {
  await processes.close();
  rmSync(scratch, { recursive: true, force: true });
}
