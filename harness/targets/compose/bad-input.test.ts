import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Ended, Workplace } from '../../testing-cli.ts';
import { type FakeAnswer, FakeDocker } from './testing/fake-docker.ts';

const workplace = new Workplace();
afterAll(() => workplace.close());
let places = 0;

interface Tried extends Ended {
  asked: string[];
}

/** `target up --target compose` where Docker is in some trouble. */
async function up(answers: readonly FakeAnswer[], args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Tried> {
  const fake = new FakeDocker(join(workplace.directory, `docker-${places++}`), answers);
  // Nothing but the fake: a real engine of this machine is none of our business.
  const ended = await workplace.run(['target', 'up', '--target', 'compose', ...args], {
    PATH: fake.directory,
    STAMPEDE_IMAGE: 'stampede:fake',
    DOCKER_HOST: '',
    ...env,
  });
  return { ...ended, asked: fake.asked };
}

const NO_ENGINE = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n';
const NO_PERMISSION =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/version": dial unix /var/run/docker.sock: connect: permission denied\n';

describe('target up --target compose', () => {
  it.each<[string, FakeAnswer[], code: string, sentence: RegExp, cure: RegExp]>([
    [
      'no engine',
      [{ when: 'version *', code: 1, stderr: NO_ENGINE }],
      'env/docker-engine',
      /^No Docker engine answers\./m,
      /systemctl start docker/,
    ],
    [
      'no permission',
      [{ when: 'version *', code: 1, stderr: NO_PERMISSION }],
      'env/docker-permission',
      /^You may not use the Docker engine/m,
      /usermod -aG docker/,
    ],
    [
      'no Compose',
      [{ when: 'compose version *', code: 1, stderr: "docker: 'compose' is not a docker command.\n" }],
      'env/compose-missing',
      /^There is a Docker engine, but no Docker Compose\./m,
      /docker-compose-plugin/,
    ],
    [
      'a port that somebody else took meanwhile',
      [{ when: '*compose*up -d*', code: 1, stderr: 'Bind for 127.0.0.1:20501 failed: port is already allocated\n' }],
      'env/port-taken',
      /^Port 20501 of this machine is taken/m,
      /docker ps tells which container/,
    ],
    [
      'an image that cannot be had',
      [
        {
          when: '*compose*up -d*',
          code: 1,
          stderr: 'Error response from daemon: manifest for haproxy:0.0.1 not found: manifest unknown\n',
        },
      ],
      'env/image',
      /^The image haproxy:0\.0\.1 cannot be had\./m,
      /HAPROXY_IMAGE/,
    ],
    [
      'a full disk',
      [{ when: '*compose*up -d*', code: 1, stderr: 'write /var/lib/docker/x: no space left on device\n' }],
      'env/disk-full',
      /^The disk that Docker keeps its data on is full\./m,
      /docker system df/,
    ],
  ])('%s: says what it is and what to do, exit 4', async (_, answers, code, sentence, cure) => {
    const { code: exitCode, stderr, asked } = await up(answers);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(cure);
    expect(stderr).toContain(`code ${code} · exit 4`);
    expect(exitCode).toBe(4);
    // Whatever was begun is looked for again, to be taken away.
    const begun = asked.findIndex((line) => line.includes('up -d'));
    if (begun >= 0) expect(asked.slice(begun).filter((line) => line.includes('--filter label='))).toHaveLength(3);
  });

  it('no docker at all: names the embedded shop as the way without', async () => {
    const { code, stderr } = await workplace.run(['target', 'up', '--target', 'compose'], { PATH: '/none' });
    expect(stderr).toContain('There is no docker on PATH.');
    expect(stderr).toContain('without it, stampede target up starts the embedded shop');
    expect(code).toBe(4);
  });

  it('too little memory: says how much there is, before anything starts', async () => {
    const info = { when: 'info *', stdout: '{"MemTotal":536870912}\n' };
    const { code, stderr, asked } = await up([info], [], { DOCKER_HOST: 'unix:///var/run/other.sock' });
    expect(stderr).toContain('There is too little memory for the stack: 0.5 GiB, and it needs 1.5 GiB.');
    expect(asked.filter((line) => line.includes('up -d'))).toEqual([]);
    expect(code).toBe(4);
  });

  it('an engine on another machine: says why that cannot be', async () => {
    const { code, stderr } = await up([], [], { DOCKER_HOST: 'tcp://10.0.0.7:2376' });
    expect(stderr).toContain('DOCKER_HOST is tcp://10.0.0.7:2376: the stack needs an engine on this machine.');
    expect(code).toBe(4);
  });

  it('a context of another machine: the same', async () => {
    const { code, stderr } = await up([{ when: 'context inspect *', stdout: 'ssh://root@10.0.0.7\n' }]);
    expect(stderr).toContain("Docker's context is ssh://root@10.0.0.7: the stack needs an engine on this machine.");
    expect(code).toBe(4);
  });

  it.each(['0', '65536', 'http'])('a port that is none, %s, is a usage error', async (port) => {
    const { code, stderr, asked } = await up([], ['--port', port]);
    expect(stderr).toContain(`Expected a port, 1 to 65535, got '${port}'.`);
    expect(asked).toEqual([]);
    expect(code).toBe(2);
  });

  it('a taken port for the entry: says so before anything starts', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr, asked } = await up([], ['--port', String(port)]);
    server.close();
    expect(stderr).toContain(`Port ${port} of this machine is taken, so the stack cannot publish it.`);
    expect(asked.filter((line) => line.includes('up -d'))).toEqual([]);
    expect(code).toBe(4);
  });

  it('a container that ends at its start: names it, shows its last lines, and takes everything away', async () => {
    const inspected = [
      {
        Name: '/x_lb_1',
        State: { Status: 'exited', ExitCode: 1, StartedAt: '2026-11-25T00:00:00Z' },
        Config: { Labels: { 'com.docker.compose.service': 'lb' } },
      },
    ];
    const { code, stderr, asked } = await up([
      { when: 'ps --all*', stdout: 'abc\n', from: 'up -d', to: 'container rm' },
      { when: 'container inspect*', stdout: JSON.stringify(inspected) },
      { when: 'logs *', stdout: '[ALERT] parsing [/usr/local/etc/haproxy/haproxy.cfg:12]: unknown keyword\n' },
    ]);
    expect(stderr).toContain('lb ended with exit code 1 while the stack came up.');
    expect(stderr).toContain('[ALERT] parsing [/usr/local/etc/haproxy/haproxy.cfg:12]: unknown keyword');
    expect(stderr).toContain('code target/part-ended · exit 4');
    expect(asked).toContain('container rm --force --volumes abc');
    expect(code).toBe(4);
  });

  it('an unknown profile is a usage error', async () => {
    const { code, stderr } = await up([], ['--profile', 'huge']);
    expect(stderr).toContain('There is no huge; there is full and observability.');
    expect(code).toBe(2);
  });
});
