import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Topology } from '../topology.ts';

/** A small shop over HTTP: it answers every path with so many bytes, and counts requests on a page of metrics. */
export interface CrowdRig extends AsyncDisposable {
  topology: Topology;
  port: number;
  /** The same, but nobody knows which process answers: it may be in a container, behind a port that Docker publishes. */
  outOfSight: Topology;
  /** Requests answered, but for those for its metrics. */
  asked(): number;
  /** Connections taken so far. */
  taken(): number;
  /** Cuts all connections it has. */
  cut(): void;
  /** Takes no connections from now on, and cuts those it has. */
  close(): Promise<void>;
}

/** `closes`: each connection after its first answer. */
export async function startCrowdRig(answerBytes: number, { closes = false } = {}): Promise<CrowdRig> {
  let asked = 0;
  let taken = 0;
  const body = Buffer.alloc(answerBytes, 'x');
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      response.end(`http_server_requests_total{code="200"} ${asked}\n`);
      return;
    }
    asked += 1;
    if (closes) response.setHeader('connection', 'close');
    response.end(body);
  });
  server.on('connection', () => {
    taken += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve));
  const { port } = server.address() as AddressInfo;
  const entry = `http://127.0.0.1:${port}`;
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  const outOfSight: Topology = {
    entry,
    nodes: [],
    links: [],
    scrapes: [{ job: 'shop', url: `${entry}/metrics`, labels: {} }],
    stores: [],
  };
  const listens = { address: `127.0.0.1:${port}`, protocol: 'http' as const };
  return {
    topology: { ...outOfSight, nodes: [{ name: 'shop', role: 'shop', by: { pid: process.pid }, listens }] },
    outOfSight,
    port,
    asked: () => asked,
    taken: () => taken,
    cut: () => server.closeAllConnections(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
