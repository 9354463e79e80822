import { createServer } from 'node:net';
import { COMPOSE_LINKS, COMPOSE_NODES } from '../../../target-app/compose/layout.ts';
import { EXIT, StampedeError } from '../../errors.ts';

/** Where everything is published on 127.0.0.1. */
export interface StackPorts {
  /** By the variable of docker-compose.yml. */
  byVariable: ReadonlyMap<string, number>;
  /** Of the first link; the others follow, as they do inside. */
  firstLink: number;
  /** Where a run serves what it knows to the stack's Prometheus. Not published by the stack. */
  observe: number;
}

/** Below the range that the system gives to outgoing connections. */
const LOWEST = 20_000;
const HIGHEST = 31_000;
const TRIES = 50;

/**
 * A block of ports that are free now, one after the other, so that a container that is started again is where it was.
 * @throws StampedeError when `entry` is taken
 */
export async function chooseStackPorts(
  entry: number | undefined,
  random: () => number = Math.random,
): Promise<StackPorts> {
  if (entry !== undefined && !(await isFree(entry))) throw taken(entry);
  const variables = COMPOSE_NODES.flatMap(({ ports }) => ports.map(({ variable }) => variable));
  const count = variables.length + COMPOSE_LINKS.length + 1;
  for (let tries = 0; tries < TRIES; tries++) {
    const base = LOWEST + Math.floor(random() * (HIGHEST - LOWEST - count));
    const block = Array.from({ length: count }, (_, index) => base + index);
    if (entry !== undefined && block.includes(entry)) continue;
    if (!(await allFree(block))) continue;
    const byVariable = new Map(variables.map((variable, index) => [variable, base + index]));
    if (entry !== undefined) byVariable.set('EDGE_PORT', entry);
    return { byVariable, firstLink: base + variables.length, observe: base + count - 1 };
  }
  throw new StampedeError(
    'env/port-taken',
    `There are no ${count} free ports in a row between ${LOWEST} and ${HIGHEST}.`,
    {
      exitCode: EXIT.environment,
      hint: 'end what holds them; ss -tlnp tells',
    },
  );
}

/** The variables of docker-compose.yml. */
export function portVariables({ byVariable, firstLink }: StackPorts): Record<string, string> {
  const last = firstLink + COMPOSE_LINKS.length - 1;
  return {
    ...Object.fromEntries([...byVariable].map(([variable, port]) => [variable, String(port)])),
    LINK_PORTS: `${firstLink}-${last}`,
  };
}

async function allFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await isFree(port))) return false;
  return true;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function taken(port: number): StampedeError {
  return new StampedeError('env/port-taken', `Port ${port} of this machine is taken, so the stack cannot publish it.`, {
    exitCode: EXIT.environment,
    hint: 'choose another one with --port, or leave it out to get a free one',
  });
}
