import { wireDriver } from './http1/wire-driver.ts';
import { sending } from './testing-driver.ts';
import { undiciDriver } from './undici-driver.ts';

/**
 * Test support, a program: sends more requests at once than this process may open files, and then a few that it can. Prints
 * how each ended. Arguments: origin, `wire` or `undici`, how many.
 */
const [origin = '', name = '', count = ''] = process.argv.slice(2);
const driver = (name === 'wire' ? wireDriver : undiciDriver)({
  connections: Number(count),
  nowMs: () => performance.now(),
});
const send = async (): Promise<string> => {
  const ended = await sending(driver, { origin, timeoutMs: 5_000 }).catch((error: { kind?: string }) => error);
  return 'status' in ended ? String(ended.status) : (ended.kind ?? 'unnamed');
};
const atOnce = await Promise.all(Array.from({ length: Number(count) }, send));
const later: string[] = [];
for (let index = 0; index < 5; index++) later.push(await send());
process.stdout.write(`${JSON.stringify({ atOnce, later })}\n`);
await driver.close();
