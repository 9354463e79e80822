import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, messageOf, StampedeError } from '../errors.ts';
import type { JournalEvent } from '../journal.ts';
import type { TargetGroup } from '../monitor/prometheus/discovery.ts';
import { AlertWebhook } from './alert-webhook.ts';
import type { ObserveAddress } from './observe-address.ts';

export interface Observed {
  id: string;
  /** Prometheus text of the coordinator. */
  metrics: () => Promise<string>;
  /** Where each agent serves its own, on loopback. */
  agentUrls: () => readonly string[];
  onAlert: (event: Extract<JournalEvent, { kind: 'alert' }>) => void;
}

export interface ObserveServer {
  /** `http://host:port`, where it listens. */
  url: string;
  close(): Promise<void>;
}

/**
 * What the world around a run may see of it and tell it:
 *
 *   GET  /metrics            the coordinator
 *   GET  /agents/0/metrics   an agent: agents listen on loopback only, so a Prometheus in a container asks through here
 *   GET  /targets            both, for http_sd_configs
 *   POST /alerts             Alertmanager's webhook; each change of an alert becomes an event of the journal
 *
 * On 127.0.0.1 unless told otherwise. Nothing here steers the run.
 */
export async function serveObservers(address: ObserveAddress, observed: Observed): Promise<ObserveServer> {
  const webhook = new AlertWebhook();
  const server = createServer((request, response) => {
    answer(request, response, observed, webhook).catch((error) => reply(response, 502, { error: messageOf(error) }));
  });
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  }).catch((error: unknown) => {
    const where = `${address.host}:${address.port}`;
    throw new StampedeError('run/observe', `Cannot listen on ${where} for --observe: ${messageOf(error)}.`, {
      exitCode: EXIT.environment,
      hint: 'is another run on? Give this one another port, or none for a free one',
      cause: error,
    });
  });
  server.unref();
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  observed: Observed,
  webhook: AlertWebhook,
): Promise<void> {
  const { method, url = '/' } = request;
  if (request.headers.origin !== undefined) return reply(response, 403, { error: 'not for pages in a browser' });
  if (method === 'GET' && url === '/metrics') return text(response, await observed.metrics());
  if (method === 'GET' && url === '/targets') {
    return reply(response, 200, targetsOf(observed, request.headers.host ?? ''));
  }
  const agent = /^\/agents\/(\d+)\/metrics$/.exec(url)?.[1];
  const agentUrl = agent === undefined ? undefined : observed.agentUrls()[Number(agent)];
  if (method === 'GET' && agentUrl !== undefined) {
    const own = await fetch(agentUrl, { signal: AbortSignal.timeout(AGENT_MS) });
    return text(response, await own.text());
  }
  if (method === 'POST' && url === '/alerts') return receive(request, response, observed, webhook);
  reply(response, 404, { error: `no ${method} ${url}; there is GET /metrics, GET /targets and POST /alerts` });
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  observed: Observed,
  webhook: AlertWebhook,
): Promise<void> {
  const body = await bodyOf(request);
  const received = body.ok ? webhook.receive(body.value) : body;
  if (!received.ok) return reply(response, 400, { error: received.problem });
  for (const event of received.events) observed.onAlert(event);
  reply(response, 200, { received: received.events.length });
}

/** Under the name the asker has for us: who sees us as `host.docker.internal` must not be sent to 127.0.0.1. */
function targetsOf({ id, agentUrls }: Observed, host: string): TargetGroup[] {
  const own = { targets: [host] as [string], labels: { job: 'harness', instance: 'harness', run: id } };
  const agents = agentUrls().map((_url, index): TargetGroup => {
    const agent = String(index);
    const labels = { job: 'agent', instance: `agent-${agent}`, agent, run: id };
    return { targets: [host], labels: { ...labels, __metrics_path__: `/agents/${agent}/metrics` } };
  });
  return [own, ...agents];
}

type Body = { ok: true; value: unknown } | { ok: false; problem: string };

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MOST_CHARACTERS) return { ok: false, problem: 'expected at most 1 MB' };
  }
  try {
    return { ok: true, value: JSON.parse(body) };
  } catch {
    return { ok: false, problem: `expected JSON, got ${JSON.stringify(body.slice(0, 40))}` };
  }
}

function text(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(body);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const MOST_CHARACTERS = 1_000_000;
const AGENT_MS = 900;
