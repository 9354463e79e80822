import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { COMPOSE_LINKS, COMPOSE_NODES } from '../../../target-app/compose/layout.ts';
import { chooseStackPorts, portVariables } from './stack-ports.ts';

describe('the ports of a stack', () => {
  it('are a row of free ones, a variable each, and one range for the links', async () => {
    const ports = await chooseStackPorts(undefined);
    const variables = portVariables(ports);
    expect(Object.keys(variables)).toHaveLength(COMPOSE_NODES.flatMap((node) => node.ports).length + 1);
    expect(variables.LINK_PORTS).toBe(`${ports.firstLink}-${ports.firstLink + COMPOSE_LINKS.length - 1}`);
    const all = [...ports.byVariable.values(), ports.firstLink, ports.observe];
    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all)).toBeLessThan(32_768);
  });

  it('pass over a row in which one is taken', async () => {
    const server = createServer().listen(25_003, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    // The first row would begin at 25,000, the second at 26,000.
    const starts = [25_000, 26_000];
    const random = () => ((starts.shift() ?? 27_000) - 20_000) / (11_000 - count);
    const count = COMPOSE_NODES.flatMap((node) => node.ports).length + COMPOSE_LINKS.length + 1;
    const ports = await chooseStackPorts(undefined, random);
    server.close();
    expect(Math.min(...ports.byVariable.values())).toBeGreaterThan(25_900);
  });

  it('include the entry that was asked for, and say when it is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(chooseStackPorts(port)).rejects.toMatchObject({ code: 'env/port-taken', exitCode: 4 });
    await new Promise((resolve) => server.close(resolve));
    expect((await chooseStackPorts(port)).byVariable.get('EDGE_PORT')).toBe(port);
  });
});
