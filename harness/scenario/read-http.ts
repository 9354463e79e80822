import type { z } from 'zod';
import type { ParseContext } from './context.ts';
import type { HttpPlan, LoadPlan } from './plan.ts';
import type { Reader } from './reader.ts';
import type { headSchema } from './schemas.ts';

/** Chooses the driver, and says when it or the machine cannot do what the load needs. */
export function readHttp(
  head: z.output<typeof headSchema>,
  loads: readonly LoadPlan[],
  reader: Reader,
  context: ParseContext,
): HttpPlan {
  const { driver, proxy, ...http } = head.http;
  const problem = (key: string, message: string) => reader.problem(['http', key], message);
  const tls = typeof head.target === 'object' && head.target.url.startsWith('https:');
  const needs = tls ? 'https' : http.http2 ? 'HTTP/2' : proxy === undefined ? undefined : 'a proxy';
  const chosen = driver ?? (needs === undefined ? 'wire' : 'undici');
  if (chosen === 'wire' && needs !== undefined)
    problem('driver', `the wire driver has no ${needs}; leave it out, or say 'undici'`);
  if (http.http2 && !tls) problem('http2', 'HTTP/2 needs a target with https');
  if (chosen === 'undici' && http.connections === 'per-user')
    problem('connections', "a connection for each user is the wire driver's; undici shares a pool");
  if (chosen === 'undici' && http.localAddresses.length > 0)
    problem('localAddresses', "the addresses that connections come from are the wire driver's to choose");
  if (http.connections === 'per-user') {
    const problems = connectionProblems(
      loads,
      context.agents ?? head.agents,
      http.localAddresses.length,
      context.limits,
    );
    for (const each of problems) problem('connections', each);
  }
  return { driver: chosen, ...http, ...(proxy === undefined ? {} : { proxy }) };
}

/** Descriptors are counted for each process, ports for each address that connections come from. */
function connectionProblems(
  loads: readonly LoadPlan[],
  agents: number,
  addresses: number,
  { descriptors, ports }: ParseContext['limits'],
): string[] {
  const users = loads.reduce((sum, load) => sum + (load.model === 'users' ? peakOf(load) : load.maxInFlight), 0);
  const usable = descriptors - SPARE_DESCRIPTORS;
  const problems: string[] = [];
  if (users > usable * agents) {
    problems.push(
      `${count(users)} connections over ${agents} agents are ${count(Math.ceil(users / agents))} each, and a process here may open ${count(descriptors)} files; use at least ${Math.ceil(users / usable)} agents`,
    );
  }
  if (users > ports * Math.max(1, addresses)) {
    problems.push(
      `${count(users)} connections need ${count(users)} local ports, and an address here has ${count(ports)}; give at least ${Math.ceil(users / ports)} localAddresses`,
    );
  }
  return problems;
}

/** A process has other files open too: its scenario, IPC, metrics. */
const SPARE_DESCRIPTORS = 200;

function peakOf(load: LoadPlan): number {
  return Math.max(0, ...load.curve.map((point) => point.value));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
