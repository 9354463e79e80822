import { join } from 'node:path';
import { addToxic } from '../toxiproxy-client.ts';
import { openUndoJournal } from '../undo-journal.ts';
import { startWatchdog } from './start.ts';

/** Test support, a program: a harness that puts a toxic on `a->b`, tells its watchdog's pid, and waits to be told how to end. */
const [directory = '', api = ''] = process.argv.slice(2);
const watchdog = startWatchdog(join(directory, 'run.ndjson'), (why) => process.stderr.write(`no watchdog: ${why}\n`));
await watchdog.ready;
const journal = openUndoJournal(directory, 'run');
journal.pending('left', 'slow', 'a->b', { step: 'remove-toxic', api, proxy: 'a->b', toxic: 'left' });
const toxic = { name: 'left', type: 'latency', stream: 'downstream', attributes: { latency: 100, jitter: 0 } } as const;
await addToxic(api, 'a->b', toxic, AbortSignal.timeout(5_000));
process.stdout.write(`${watchdog.pid}\n`);
process.stdin.once('data', () => {
  journal.done('left');
  journal.close();
  watchdog.dismiss();
  process.stdin.destroy();
});
