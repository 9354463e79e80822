import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../errors.ts';

/** What a person can tell a run. Throws with a sentence when it cannot be done. */
export interface Controls {
  users(to: number, group: string | undefined, overMs: number): string;
  hold(): string;
  resume(): string;
  stop(reason: string): string;
  status(): object;
  /** A fault on the harness itself: the monitor sees nothing, for so long at most. */
  cutOffMonitor(ttlMs: number): void;
  restoreMonitor(): void;
  monitor(): { cutOff: boolean; gaps: number };
}

export const commandSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('users'),
    to: z.int().nonnegative().max(100_000_000),
    group: z.string().optional(),
    overMs: z.number().nonnegative().max(3_600_000).default(10_000),
  }),
  z.strictObject({ do: z.literal('hold') }),
  z.strictObject({ do: z.literal('resume') }),
  z.strictObject({ do: z.literal('stop'), reason: z.string().max(200).default('by stampede stop') }),
]);

export type LiveCommand = z.input<typeof commandSchema>;

/** How a live run is found: a file with its process and the address of its API, gone when it ends. */
export interface LiveRun {
  id: string;
  scenario: string;
  pid: number;
  api: string;
}

/**
 * The API of a live run, on loopback only: GET / says how it is, POST / takes one command as JSON and answers
 * `{ done: sentence }` or, with 400, `{ error: sentence }`. A page in a browser cannot use it: it must be asked for JSON
 * by its own address. PUT (`{ ttlMs }`), DELETE and GET /faults/monitor are for the fault that cuts the monitor off.
 */
export async function serveControls(
  controls: Controls,
  directory: string,
  run: Omit<LiveRun, 'api'>,
): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answer(controls, request, response).catch((error) => reply(response, 400, { error: messageOf(error) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const { port } = server.address() as AddressInfo;
  const api = `http://127.0.0.1:${port}/`;
  const file = join(directory, `${run.id}.json`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, JSON.stringify({ ...run, api } satisfies LiveRun));
  const close = async () => {
    rmSync(file, { force: true });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { api, close };
}

export interface ControlServer {
  api: string;
  close(): Promise<void>;
}

async function answer(controls: Controls, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const local = /^(127\.0\.0\.1|localhost):\d+$/.test(request.headers.host ?? '');
  if (!local || request.headers.origin !== undefined) return reply(response, 403, { error: 'for stampede only' });
  if (request.url === '/faults/monitor') return await answerMonitor(controls, request, response);
  if (request.method === 'GET') return reply(response, 200, controls.status());
  if (request.method !== 'POST') return reply(response, 405, { error: 'expected GET or POST' });
  const parsed = commandSchema.safeParse(JSON.parse(await bodyOf(request)));
  if (!parsed.success) return reply(response, 400, { error: z.prettifyError(parsed.error) });
  reply(response, 200, { done: obey(controls, parsed.data) });
}

async function answerMonitor(controls: Controls, request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.method) {
    case 'PUT':
      controls.cutOffMonitor(cutOffSchema.parse(JSON.parse(await bodyOf(request))).ttlMs);
      break;
    case 'DELETE':
      controls.restoreMonitor();
      break;
    case 'GET':
      break;
    default:
      return reply(response, 405, { error: 'expected GET, PUT or DELETE' });
  }
  reply(response, 200, controls.monitor());
}

const cutOffSchema = z.strictObject({ ttlMs: z.int().min(1).max(3_600_000) });

function obey(controls: Controls, command: z.output<typeof commandSchema>): string {
  switch (command.do) {
    case 'users':
      return controls.users(command.to, command.group, command.overMs);
    case 'hold':
      return controls.hold();
    case 'resume':
      return controls.resume();
    case 'stop':
      return controls.stop(command.reason);
    default:
      return command satisfies never;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 10_000) throw new Error('a command is at most 10,000 characters');
  }
  return text;
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
