import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Controls, type LiveRun, serveControls } from './control-server.ts';

const said: string[] = [];
const controls: Controls = {
  users(to, group, overMs) {
    if (group === 'nobody') throw new Error("no group is called 'nobody'");
    return `${to} ${group ?? 'users'} in ${overMs} ms`;
  },
  hold: () => 'held',
  resume: () => 'goes on',
  stop(reason) {
    said.push(reason);
    return 'stopping';
  },
  status: () => ({ held: false }),
  cutOffMonitor: (ttlMs) => said.push(`cut off for ${ttlMs} ms`),
  restoreMonitor: () => said.push('restored'),
  monitor: () => ({ cutOff: said.at(-1) !== 'restored', gaps: 3 }),
};

let directory: string;
let run: LiveRun;
let close: () => Promise<void>;

beforeEach(async () => {
  directory = join(mkdtempSync(join(tmpdir(), 'stampede-control-')), 'live');
  ({ close } = await serveControls(controls, directory, { id: 'r1', scenario: 'x', pid: process.pid }));
  run = JSON.parse(readFileSync(join(directory, 'r1.json'), 'utf8'));
});
afterEach(() => close());

async function tell(body: string, init: RequestInit = {}): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(run.api, { method: 'POST', body, ...init });
  return { status: response.status, answer: await response.json() };
}

describe('the API of a live run', () => {
  it('takes orders and answers in a sentence', async () => {
    expect(await tell('{"do":"users","to":5,"group":"shoppers"}')).toEqual({
      status: 200,
      answer: { done: '5 shoppers in 10000 ms' },
    });
    expect((await tell('{"do":"hold"}')).answer).toEqual({ done: 'held' });
    expect((await tell('{"do":"stop","reason":"enough"}')).answer).toEqual({ done: 'stopping' });
    expect(said).toEqual(['enough']);
    expect(await (await fetch(run.api)).json()).toEqual({ held: false });
  });

  it('cuts the monitor off and restores it, for faults on the harness itself', async () => {
    const ask = async (method: string, body?: string) => {
      const response = await fetch(new URL('/faults/monitor', run.api), { method, ...(body ? { body } : {}) });
      return { status: response.status, answer: await response.json() };
    };
    expect(await ask('PUT', '{"ttlMs":5000}')).toEqual({ status: 200, answer: { cutOff: true, gaps: 3 } });
    expect(said.at(-1)).toBe('cut off for 5000 ms');
    expect(await ask('GET')).toEqual({ status: 200, answer: { cutOff: true, gaps: 3 } });
    expect((await ask('DELETE')).answer).toEqual({ cutOff: false, gaps: 3 });
    expect((await ask('PUT', '{"ttlMs":0}')).status).toBe(400);
    expect((await ask('POST', '{}')).status).toBe(405);
  });

  it.each([
    '{"do":"users","to":-1}',
    '{"do":"users"}',
    '{"do":"explode"}',
    '{"do":"hold","for":"ever"}',
    'not json',
    `"${'x'.repeat(20_000)}"`,
  ])('refuses %.40s with a reason', async (body) => {
    const { status, answer } = await tell(body);
    expect(status).toBe(400);
    expect(answer).toEqual({ error: expect.stringMatching(/./) });
  });

  it('passes on why something cannot be done', async () => {
    expect(await tell('{"do":"users","to":5,"group":"nobody"}')).toEqual({
      status: 400,
      answer: { error: "no group is called 'nobody'" },
    });
  });

  it('is not for pages in a browser, whatever name they reach it by', async () => {
    expect((await tell('{"do":"hold"}', { headers: { origin: 'http://evil.test' } })).status).toBe(403);
    const status = await new Promise((resolve, reject) => {
      const rebound = request(run.api, { headers: { host: 'evil.test' } }, ({ statusCode }) => resolve(statusCode));
      rebound.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  it('cannot be found any more when it is over', async () => {
    await close();
    expect(existsSync(join(directory, 'r1.json'))).toBe(false);
    await expect(fetch(run.api)).rejects.toThrow();
  });
});
