import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heal } from './heal.ts';
import { isAlive, markOf } from './process-mark.ts';
import { startToxiproxy, type Toxiproxy } from './toxiproxy/server.ts';
import { addToxic, proxyState } from './toxiproxy-client.ts';
import { openUndoJournal, pendingIn, pendingUndos } from './undo-journal.ts';

let directory: string;
let server: Toxiproxy;
const soon = () => AbortSignal.timeout(5_000);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'undo-'));
  server = await startToxiproxy({ port: 0 });
  await server.populate(JSON.stringify([{ name: 'a->b', listen: '127.0.0.1:0', upstream: '127.0.0.1:9' }]));
});

afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

const toxic = (name: string) => ({
  name,
  type: 'latency' as const,
  stream: 'downstream' as const,
  attributes: { latency: 100, jitter: 0 },
});
const undoOf = (name: string) => ({ step: 'remove-toxic' as const, api: server.url, proxy: 'a->b', toxic: name });

/** As a harness that was killed leaves it: the record is there, the process is not. */
function leftBy(run: string, id: string): void {
  const lines = [
    { op: 'owner', run, pid: 2 ** 22 - 1, started: 'long ago' },
    { op: 'pending', id, fault: 'slow', target: 'a->b', undo: undoOf(id) },
  ];
  writeFileSync(join(directory, `${run}.ndjson`), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
}

describe('the undo journal', () => {
  it('is on disk before pending returns, and gone when nothing is pending', () => {
    const journal = openUndoJournal(directory, 'run-1');
    expect(readdirSync(directory)).toEqual([]);
    journal.pending('x', 'slow', 'a->b', undoOf('x'));
    const text = readFileSync(join(directory, 'run-1.ndjson'), 'utf8');
    expect(JSON.parse(text.trim().split('\n').at(-1) ?? '')).toMatchObject({
      op: 'pending',
      id: 'x',
      undo: { step: 'remove-toxic' },
    });
    journal.done('x');
    journal.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('keeps its file when something could not be undone', () => {
    const journal = openUndoJournal(directory, 'run-1');
    journal.pending('x', 'slow', 'a->b', undoOf('x'));
    journal.close();
    expect(pendingUndos(directory)).toMatchObject([{ run: 'run-1', id: 'x', ownerAlive: true }]);
  });

  it('throws when it cannot be written, so that the fault is not applied', () => {
    const blocked = join(directory, 'file');
    writeFileSync(blocked, '');
    expect(() => openUndoJournal(join(blocked, 'undo'), 'run-1')).toThrow();
  });

  it('heals what a dead run left, for real, and forgets it', async () => {
    await addToxic(server.url, 'a->b', toxic('left'), soon());
    leftBy('dead-run', 'left');
    const healed = await heal(directory, { all: false, deadlineMs: 5_000 });
    expect(healed).toEqual([
      { run: 'dead-run', fault: 'slow', target: 'a->b', clean: true, evidence: 'no toxic left on a->b' },
    ]);
    expect((await proxyState(server.url, 'a->b', soon()))?.toxics).toEqual([]);
    expect(existsSync(join(directory, 'dead-run.ndjson'))).toBe(false);
  });

  it('leaves alone what a living run holds, unless told to heal all', async () => {
    const journal = openUndoJournal(directory, 'living');
    await addToxic(server.url, 'a->b', toxic('held'), soon());
    journal.pending('held', 'slow', 'a->b', undoOf('held'));
    expect(await heal(directory, { all: false, deadlineMs: 5_000 })).toEqual([]);
    expect((await proxyState(server.url, 'a->b', soon()))?.toxics).toHaveLength(1);
    expect(await heal(directory, { all: true, deadlineMs: 5_000 })).toMatchObject([{ clean: true }]);
    expect((await proxyState(server.url, 'a->b', soon()))?.toxics).toEqual([]);
    journal.close();
  });

  it('takes a fault as gone with the proxy that held it', async () => {
    leftBy('dead-run', 'left');
    await server.close();
    const [healed] = await heal(directory, { all: false, deadlineMs: 5_000 });
    expect(healed).toMatchObject({
      clean: true,
      evidence: `the fault proxy at ${server.url} is gone, and the fault with it`,
    });
  });

  it('keeps for the next try what it could not undo', async () => {
    leftBy('dead-run', 'left');
    // Something answers there, but it is no fault proxy.
    const text = readFileSync(join(directory, 'dead-run.ndjson'), 'utf8').replace(
      server.url,
      `${server.url}/elsewhere`,
    );
    writeFileSync(join(directory, 'dead-run.ndjson'), text);
    expect(await heal(directory, { all: false, deadlineMs: 5_000 })).toMatchObject([{ clean: false }]);
    expect(pendingUndos(directory)).toHaveLength(1);
  });

  it('has nothing pending in a file that somebody healed meanwhile', () => {
    leftBy('dead-run', 'left');
    const path = join(directory, 'dead-run.ndjson');
    expect(pendingIn(path)).toHaveLength(1);
    rmSync(path);
    expect(pendingIn(path)).toEqual([]);
  });

  it('ignores a line that was torn by a crash', () => {
    leftBy('dead-run', 'left');
    appendFileSync(join(directory, 'dead-run.ndjson'), '{"op":"pending","id":"tor');
    expect(pendingUndos(directory).map((entry) => entry.id)).toEqual(['left']);
  });
});

describe('a process mark', () => {
  it('knows this process, and not one that only has the same id', () => {
    const mark = markOf(process.pid);
    expect(isAlive(mark)).toBe(true);
    expect(isAlive({ ...mark, started: 'another time' })).toBe(false);
  });

  it('does not take a process that has ended for alive', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    const mark = markOf(child.pid ?? 0);
    expect(isAlive(mark)).toBe(true);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(isAlive(mark)).toBe(false);
  });
});
