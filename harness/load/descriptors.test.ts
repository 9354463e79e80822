import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { rawServer } from './testing-server.ts';

const PROGRAM = new URL('testing-descriptors.ts', import.meta.url).pathname;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe.each(['wire', 'undici'])('out of file descriptors, the %s driver', (driver) => {
  it('names it, sends what it can, and goes on as soon as there are some again', async () => {
    await using server = await rawServer(async (socket) => {
      // All that can be opened are open at once.
      await sleep(300);
      socket.write(OK);
    });
    const limited = ['-c', 'ulimit -n 120 && exec "$0" "$@"', process.execPath, PROGRAM, server.origin, driver, '200'];
    const { stdout } = await promisify(execFile)('sh', limited);
    const { atOnce, later } = JSON.parse(stdout) as { atOnce: string[]; later: string[] };
    const count = (how: string) => atOnce.filter((each) => each === how).length;
    expect(count('200')).toBeGreaterThan(20);
    expect(count('no-descriptor')).toBeGreaterThan(80);
    expect(count('200') + count('no-descriptor')).toBe(200);
    expect(later).toEqual(Array(5).fill('200'));
  });
});
