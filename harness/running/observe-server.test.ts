import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEvent } from '../journal.ts';
import { parseObserveAddress } from './observe-address.ts';
import { type ObserveServer, serveObservers } from './observe-server.ts';

const events: JournalEvent[] = [];
let agent: Server;
let server: ObserveServer;

beforeEach(async () => {
  events.length = 0;
  agent = createServer((_request, response) => response.end('agent_metric 1\n'));
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  const agentUrl = `http://127.0.0.1:${(agent.address() as AddressInfo).port}/metrics`;
  server = await serveObservers(parseObserveAddress('0'), {
    id: 'r1',
    metrics: async () => 'harness_metric 1\n',
    agentUrls: () => [agentUrl],
    onAlert: (event) => events.push(event),
  });
});
afterEach(async () => {
  await server.close();
  agent.closeAllConnections();
  agent.close();
});

const get = async (path: string) => (await fetch(`${server.url}${path}`)).text();

async function post(body: unknown, init: RequestInit = {}): Promise<{ status: number; answer: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${server.url}/alerts`, { method: 'POST', body: text, ...init });
  return { status: response.status, answer: await response.json() };
}

function webhook(status: string, labels: Record<string, string> = { alertname: 'SlowAnswers', severity: 'page' }) {
  const alert = {
    status,
    labels,
    annotations: { summary: 'slow' },
    startsAt: '2026-11-25T05:00:00.123Z',
    endsAt: '0001-01-01T00:00:00Z',
  };
  return { version: '4', groupKey: '{}', status, receiver: 'run-journal', alerts: [{ ...alert, fingerprint: 'abc' }] };
}

describe('what the world may see of a run', () => {
  it('is its own metrics, and those of its agents, which listen on loopback only', async () => {
    expect(await get('/metrics')).toBe('harness_metric 1\n');
    expect(await get('/agents/0/metrics')).toBe('agent_metric 1\n');
    expect((await fetch(`${server.url}/agents/1/metrics`)).status).toBe(404);
  });

  it('is published for http_sd under the name that the asker has for it', async () => {
    const { host } = new URL(server.url);
    expect(JSON.parse(await get('/targets'))).toEqual([
      { targets: [host], labels: { job: 'harness', instance: 'harness', run: 'r1' } },
      {
        targets: [host],
        labels: { job: 'agent', instance: 'agent-0', agent: '0', run: 'r1', __metrics_path__: '/agents/0/metrics' },
      },
    ]);
  });

  it('says so when an agent does not answer', async () => {
    agent.closeAllConnections();
    await new Promise((resolve) => agent.close(resolve));
    expect((await fetch(`${server.url}/agents/0/metrics`)).status).toBe(502);
    await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  });
});

describe('the webhook for alerts', () => {
  it('makes events of what is new, and only of that', async () => {
    expect(await post(webhook('firing'))).toEqual({ status: 200, answer: { received: 1 } });
    expect(await post(webhook('firing'))).toEqual({ status: 200, answer: { received: 0 } });
    expect(await post(webhook('resolved'))).toEqual({ status: 200, answer: { received: 1 } });
    const labels = { alertname: 'SlowAnswers', severity: 'page' };
    const event = {
      kind: 'alert',
      via: 'alertmanager',
      alert: 'SlowAnswers',
      labels,
      annotations: { summary: 'slow' },
    };
    expect(events).toEqual([
      { ...event, state: 'firing' },
      { ...event, state: 'resolved' },
    ]);
  });

  it.each([
    ['not json', /expected JSON, got "not json"/],
    [{ version: '3', alerts: [] }, /webhook, version 4:[\s\S]*version/],
    [webhook('smouldering'), /status/],
    [webhook('firing', { severity: 'page' }), /expected a label alertname/],
    [{ version: '4' }, /alerts/],
    ['x'.repeat(1_100_000), /at most 1 MB/],
  ])('refuses a bad body with what was expected: %.40s', async (body, reason) => {
    const { status, answer } = await post(body);
    expect(status).toBe(400);
    expect(answer).toEqual({ error: expect.stringMatching(reason) });
    expect(events).toEqual([]);
  });

  it('is not for pages in a browser', async () => {
    expect((await post(webhook('firing'), { headers: { origin: 'http://evil.test' } })).status).toBe(403);
    expect(events).toEqual([]);
  });
});

describe('where a run is observed from', () => {
  it.each([
    ['9464', { host: '127.0.0.1', port: 9464 }],
    ['172.17.0.1:9464', { host: '172.17.0.1', port: 9464 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
  ])('is read from %s', (text, address) => {
    expect(parseObserveAddress(text)).toEqual(address);
  });

  it.each(['', 'nine', '99999', 'a b:1', 'host:'])("refuses '%s' with an example", (text) => {
    expect(() => parseObserveAddress(text)).toThrow(`Expected PORT or HOST:PORT for --observe, got '${text}'.`);
  });

  it('is said to be taken when it is', async () => {
    const address = parseObserveAddress(new URL(server.url).host);
    const observed = { id: 'r2', metrics: async () => '', agentUrls: () => [], onAlert: () => {} };
    await expect(serveObservers(address, observed)).rejects.toMatchObject({ code: 'run/observe', exitCode: 4 });
  });
});
