import { describe, expect, it } from 'vitest';
import { dockerError } from './docker-error.ts';

/** As Docker 20 to 28, Compose 1.29 and 2 print them. */
const SAID: [code: string, line: string][] = [
  [
    'env/docker-engine',
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  ],
  [
    'env/docker-engine',
    'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct',
  ],
  [
    'env/docker-engine',
    "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2))",
  ],
  [
    'env/docker-permission',
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun"',
  ],
  [
    'env/docker-permission',
    "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.', PermissionError(13, 'Permission denied'))",
  ],
  [
    'env/port-taken',
    'Error response from daemon: driver failed programming external connectivity on endpoint x (abc): Bind for 127.0.0.1:8080 failed: port is already allocated',
  ],
  ['env/port-taken', 'Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use'],
  [
    'env/image',
    "Error response from daemon: pull access denied for stampede-nothing, repository does not exist or may require 'docker login'",
  ],
  ['env/image', 'manifest for haproxy:0.0.1 not found: manifest unknown: manifest unknown'],
  [
    'env/image',
    'Error: failed to resolve reference "docker.io/library/haproxy:0.0.1": docker.io/library/haproxy:0.0.1: not found',
  ],
  ['env/image', 'Error response from daemon: No such image: stampede:nothing'],
  [
    'env/registry',
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host',
  ],
  ['env/image', "Service 'gateway-1' needs to be built, but --no-build was passed."],
  [
    'env/docker-context',
    'Failed to initialize: unable to resolve docker endpoint: context "nowhere": context not found: open /x/meta.json: no such file or directory',
  ],
  ['env/registry', 'toomanyrequests: You have reached your pull rate limit.'],
  ['env/disk-full', 'failed to register layer: write /usr/lib/x: no space left on device'],
  ['env/memory', 'OCI runtime create failed: runc create failed: fork/exec /proc/self/exe: cannot allocate memory'],
  ['env/docker-limits', 'OCI runtime create failed: error setting rlimit type 7: operation not permitted: unknown'],
  [
    'env/docker-networks',
    'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
  ],
  [
    'env/compose-old',
    "The Compose file './docker-compose.yml' is invalid because: Unsupported config option for services.lb: 'init'",
  ],
  ['env/docker', 'something that nobody has said before'],
];

describe('what Docker says', () => {
  it.each(SAID)('%s: %s', (code, line) => {
    const error = dockerError('start the stack', ['Creating network "x"', line]);
    expect(error).toMatchObject({ code, exitCode: 4 });
    expect(error.message).toMatch(/\.$/);
    expect(error.hint).toBeTruthy();
    expect(error.facts).toContain(line);
  });

  it('names the port and the image', () => {
    expect(dockerError('start', ['Bind for 127.0.0.1:8080 failed: port is already allocated']).message).toBe(
      'Port 8080 of this machine is taken, so the stack cannot publish it.',
    );
    expect(dockerError('start', ['manifest for haproxy:0.0.1 not found: manifest unknown']).message).toBe(
      'The image haproxy:0.0.1 cannot be had.',
    );
    const offline = 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host';
    expect(dockerError('start', ['Pulling cache (redis:nope)...', offline]).message).toBe(
      'The image redis:nope cannot be had: its registry does not answer, or refuses.',
    );
  });

  it('names the service where Compose 2 names no image', () => {
    const offline = ' cache Error Get "https://registry-1.docker.io/v2/": lookup registry-1.docker.io: no such host';
    expect(dockerError('start', [' cache Pulling ', offline]).message).toBe(
      'The image of cache cannot be had: its registry does not answer, or refuses.',
    );
  });

  it('leaves out what went well', () => {
    const said = [
      'Creating volume "x" with default driver',
      'Creating x_lb_1 ... done',
      ' Container x-lb-1  Created',
      'Creating x_lb_2 ... error',
      'why',
    ];
    expect(dockerError('start', said).facts).toEqual(['Creating x_lb_2 ... error', 'why']);
  });
});
