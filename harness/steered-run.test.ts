import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, Workplace } from './testing-cli.ts';
import type { Verdict } from './verdict/verdict.ts';

/** A system of one's own, and a run of it that is steered, loses an agent, and is stopped by a person. */
describe('a run that is under way', () => {
  const workplace = new Workplace();
  const seen: string[] = [];
  let server: Server;
  let scenario: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
      response.end('{"token":"t1","price":5}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    workplace.scenario('people.csv', 'name,role\nAda,admin\nGrace,user\n');
    scenario = workplace.scenario(
      'steered.ts',
      `import { feed, scenario, slo, users, weighted } from 'stampede';
const people = feed<{ name: string; role: string }>('people.csv');
export default scenario({
  name: 'steered', target: { url: 'http://127.0.0.1:${port}' },
  async setup(user) { return { token: (await user.post('/login')).at<string>('token') }; },
  async teardown(user) { await user.post('/logout/' + user.setup<{ token: string }>().token); },
  load: { people: users({ stages: [{ to: 40, over: '1s' }, { hold: '20s' }], flow: weighted([3, look], [1, look]) }) },
  slos: [slo('look p99', { of: 'look', p99: '< 2s' }), slo('price', { of: 'has a price', errors: '< 1%' })],
  warmUp: '1s', validity: { lateness: '< 500ms', cpu: '< 100%', loopLag: '< 1s', lostLoad: '< 50%' },
});
async function look(user) {
  const who = user.row(people);
  await user.think('100ms..300ms');
  const page = await user.get('/' + who.name, { as: 'look', tags: { role: who.role }, headers: { authorization: user.setup().token } });
  user.check('has a price', page.at('price') === 5);
}`,
    );
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await workplace.close();
  });

  it('is steered, survives the loss of an agent, and is stopped, healed and judged', async () => {
    const run = workplace.start(['run', scenario, '--json', '--plain']);
    await until('40 users', () => /users=40\b/.test(run.out.stderr));
    const [id = ''] = workplace.runs;

    const more = await workplace.run(['users', '90', '--over', '1s', '--json']);
    expect(JSON.parse(more.stdout)).toEqual({ run: id, done: '90 people in 1 s, then held' });
    await until('90 users', () => /users=90\b/.test(run.out.stderr));
    expect((await workplace.run(['hold'])).stdout).toBe(`${id}: held already\n`);

    const wrong = await workplace.run(['users', '5', '--group', 'nobody']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("no group is called 'nobody'; the groups of users are people");
    expect((await workplace.run(['hold', '--run', 'x9'])).stderr).toContain(`there is ${id} (steered)`);

    const agent = workplace.leftovers().find((line) => line.includes('agents/agent.ts'));
    process.kill(Number(agent?.split(' ')[0]), 'SIGKILL');
    await until('the loss', () => /agent \d lost: killed by SIGKILL; its users go to agent \d/.test(run.out.stderr));
    const after = run.out.stderr.length;
    await until('90 users again', () => /users=90\b/.test(run.out.stderr.slice(after)), 10_000);

    expect((await workplace.run(['resume'])).stdout).toBe(`${id}: the plan goes on\n`);
    expect((await workplace.run(['stop', '--reason', 'lunch'])).code).toBe(0);
    const { code, stdout } = await run.ended;
    const verdict: Verdict = JSON.parse(stdout);
    expect({ code, ended: verdict.ended }).toEqual({ code: 5, ended: { how: 'stopped', reason: 'lunch' } });
    const rows = verdict.requests.map(({ name }) => name);
    expect(rows).toEqual(['look', 'look{role="admin"}', 'look{role="user"}', 'check: has a price']);
    expect(verdict.objectives.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['look p99', 'passed'],
      ['price', 'passed'],
    ]);
    expect(verdict.run.peakUsers).toBe(90);
    expect(verdict.validity.checks.filter((check) => !check.ok)).toEqual([]);
    expect(verdict.validity.agentsFinished).toBe(1);
    expect(seen[0]).toBe('POST /login ');
    expect(seen.at(-1)).toBe('POST /logout/t1 ');
    expect(seen).toContain('GET /Ada t1');
    expect(workplace.leftovers()).toEqual([]);
    expect((await workplace.run(['stop'])).stderr).toContain('No run is under way here.');
  }, 90_000);

  it('tells what is wrong with feeds, weights, curves and connections, all at once', async () => {
    workplace.scenario('bad.csv', '0,10\n5,x\n');
    const bad = workplace.scenario(
      'bad.ts',
      `import { arrivals, curve, feed, scenario, users, weighted } from 'stampede';
feed('nobody.csv');
const flow = async () => {};
export default scenario({
  name: 'bad', target: { url: 'http://127.0.0.1:1' },
  http: { connections: 'per-user', localAddresses: ['somewhere'] },
  setup: 'yes',
  load: {
    a: users({ stages: [{ to: 10, over: '1s' }], flow: weighted([0, flow], [-1, flow]), every: 'often' }),
    b: arrivals({ stages: curve('bad.csv'), process: 'bursty', flow }),
    c: users({ stages: curve('none.csv'), flow }),
  },
});`,
    );
    const { code, stderr } = await workplace.run(['plan', bad]);
    expect(code).toBe(2);
    for (const words of [
      "expected an address such as '127.0.0.2', got 'somewhere'",
      "expected setup to be an async function of a user, got 'yes'",
      "expected a duration such as '90s' or '5m', got 'often'",
      'load.a.flow[1]',
      'expected at least one flow with a weight above 0',
      "expected even or poisson, got 'bursty'",
      'none.csv',
      'nobody.csv',
    ])
      expect(stderr).toContain(words);
  });

  it('refuses more connections than the machine has descriptors or ports for', async () => {
    const greedy = workplace.scenario(
      'greedy.ts',
      `import { scenario, users } from 'stampede';
export default scenario({
  name: 'greedy', target: { url: 'http://127.0.0.1:1' }, http: { connections: 'per-user' },
  load: { a: users({ stages: [{ to: 50000000, over: '1s' }], flow: async () => {} }) },
});`,
    );
    const { code, stderr } = await workplace.run(['plan', greedy]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/50,000,000 connections over 2 agents are 25,000,000 each, and a process here may open/);
    expect(stderr).toMatch(/need 50,000,000 local ports, .*; give at least \d+ localAddresses/);
  });
});
