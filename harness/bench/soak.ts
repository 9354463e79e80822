import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { agentFlags } from '../agents/agent-flags.ts';
import { LoadEngine } from '../load/engine.ts';
import { wireDriver } from '../load/http1/wire-driver.ts';
import { Recorder } from '../load/recorder.ts';

/**
 * A program: `node harness/bench/soak.ts [minutes]`, 10 unless told. Users of a server that misbehaves in every way a
 * server can, in a process as an agent's is; the server is the parent. Prints, as JSON, resident memory minute by
 * minute, and how the requests ended: every class of failure, and no growth.
 */
const minutes = Number(process.argv[2] ?? 10);
if (process.send === undefined) await serve();
else process.once('message', (origin) => soak(String(origin)));

async function serve(): Promise<void> {
  let turn = 0;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    let rest = '';
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
        rest = rest.slice(end + 4);
        misbehave(socket, turn++ % 40);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = fork(import.meta.filename, [String(minutes)], {
    execArgv: agentFlags('wire', { between: 0, inFlow: 400 }),
  });
  agent.send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [code] = await once(agent, 'exit');
  server.close();
  process.exitCode = Number(code);
}

function misbehave(socket: Socket, kind: number): void {
  switch (kind) {
    case 0:
      return void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it');
    case 1:
      return void socket.write('\u0016\u0003\u0001 this is not HTTP\r\n\r\n', 'latin1');
    case 2:
      return void socket.write(`HTTP/1.1 200 OK\r\n${'x-a: 0123456789\r\n'.repeat(6_000)}\r\n`);
    case 3:
      return void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n');
    case 4:
      return;
    case 5:
      return void socket.resetAndDestroy();
    case 6:
      return void socket.end();
    case 7:
      return void socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab');
    case 8:
      return void socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n');
    default:
      socket.write('HTTP/1.1 200 OK\r\nset-cookie: seen=1\r\ncontent-length: 2\r\n\r\nok');
  }
}

async function soak(origin: string): Promise<void> {
  const recorder = new Recorder();
  const driver = wireDriver({ connections: 500, nowMs: () => performance.now() });
  const durationMs = minutes * 60_000;
  const curve = [
    { tMs: 0, value: 400 },
    { tMs: durationMs, value: 400 },
  ];
  const engine = new LoadEngine({
    groups: [
      {
        model: 'users',
        name: 'soak',
        curve,
        graceMs: 0,
        async flow(user) {
          await user.think('50ms..350ms');
          const answer = await user.get(`/page/${user.between(1, 100_000)}`, { timeout: '500ms', as: 'page' });
          if (user.chance(0.01)) answer.json();
        },
      },
    ],
    share: { index: 0, of: 1 },
    seed: 1,
    nonce: 'bench',
    baseUrl: new URL(origin),
    driver,
    recorder,
    nowMs: () => performance.now(),
    startMs: performance.now(),
    durationMs,
  });
  const endings: Record<string, number> = {};
  const rssMbByMinute: number[] = [];
  let seconds = 0;
  const taking = setInterval(() => {
    for (const slice of recorder.take().slices)
      for (const [ending, count] of Object.entries(slice.endings)) endings[ending] = (endings[ending] ?? 0) + count;
    if (++seconds % 60 === 0) rssMbByMinute.push(Math.round(process.memoryUsage.rss() / 1e6));
  }, 1_000);
  engine.start();
  await engine.finished;
  clearInterval(taking);
  const { requests, failedIterations, sockets } = engine.state;
  process.stdout.write(
    `${JSON.stringify({ minutes, requests, failedIterations, sockets, endings, rssMbByMinute }, null, 2)}\n`,
  );
  await driver.close();
  process.disconnect?.();
}
