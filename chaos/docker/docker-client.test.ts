import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEngine } from './docker-client.ts';
import { engineAddress } from './engine-address.ts';
import { EngineError, engineError } from './engine-error.ts';
import { soon } from './testing-aim.ts';
import { type FakeEngine, startFakeEngine } from './testing-fake-engine.ts';

let fake: FakeEngine;

beforeEach(async () => {
  fake = await startFakeEngine();
});
afterEach(() => fake.close());

async function refusal(call: Promise<unknown>): Promise<EngineError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EngineError) return error;
  throw new Error(`expected an EngineError, got ${String(error)}`);
}

describe('an engine that does not do as it is told', () => {
  it('is not running: the error names the address and the cure', async () => {
    await fake.close();
    const error = await refusal(openEngine(fake.address).version(soon()));
    expect(error.message).toBe(
      `no Docker engine answers at ${fake.address}: start it, or say where it is with DOCKER_HOST`,
    );
    expect(error.reason).toBe('not-running');
    fake = await startFakeEngine();
  });

  it('has a socket that is not ours to open', () => {
    const denied = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
    const error = engineError('unix:///var/run/docker.sock', 'listing containers', denied, soon());
    expect(error.reason).toBe('no-permission');
    expect(error.message).toBe(
      'no permission on /var/run/docker.sock: run as root or as a member of the group that owns it (often: docker)',
    );
  });

  it('does not know the container: the error has the nearest name', async () => {
    fake.add('shop_orders_1');
    fake.add('shop_cache_1');
    const error = await refusal(openEngine(fake.address).pause('shop_order_1', soon()));
    expect(error.message).toBe(
      "no such container 'shop_order_1'. Did you mean shop_orders_1? There are: shop_orders_1, shop_cache_1",
    );
  });

  it('is in conflict: the error has its own words', async () => {
    fake.add('a', { status: 'exited' });
    const error = await refusal(openEngine(fake.address).kill('a', 'SIGKILL', soon()));
    expect(error.reason).toBe('conflict');
    expect(error.message).toBe(
      'killing a: the engine answered 409: Cannot kill container: a: Container is not running',
    );
  });

  it('hangs: the call ends when its caller says so', async () => {
    fake.add('a');
    fake.sabotage = () => 'hang';
    const error = await refusal(openEngine(fake.address).pause('a', AbortSignal.timeout(100)));
    expect(error.reason).toBe('late');
    expect(error.message).toBe(`the Docker engine at ${fake.address} did not answer in time, pausing a`);
  });

  it('has an address that cannot be one', () => {
    expect(() => openEngine('ssh://somewhere')).toThrow(
      "expected an address such as unix:///var/run/docker.sock or tcp://host:2375, got 'ssh://somewhere'",
    );
  });
});

describe('the engine', () => {
  it('is where DOCKER_HOST says, else the first socket that is there, Podman last', () => {
    const nothing = () => false;
    expect(engineAddress({ DOCKER_HOST: 'tcp://10.0.0.1:2375' }, nothing)).toBe('tcp://10.0.0.1:2375');
    expect(engineAddress({ DOCKER_HOST: '10.0.0.1:2375' }, nothing)).toBe('tcp://10.0.0.1:2375');
    expect(engineAddress({}, nothing)).toBe('unix:///var/run/docker.sock');
    const podman = (path: string) => path.endsWith('podman.sock');
    expect(engineAddress({ XDG_RUNTIME_DIR: '/run/user/7' }, podman)).toBe('unix:///run/user/7/podman/podman.sock');
    expect(engineAddress({}, podman)).toBe('unix:///run/podman/podman.sock');
    expect(engineAddress({}, () => true)).toBe('unix:///var/run/docker.sock');
  });

  it('is asked where it was told to be, whatever DOCKER_HOST says', async () => {
    const told = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
    try {
      expect((await openEngine(fake.address).version(soon())).version).toBe('20.10.24');
    } finally {
      if (told === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = told;
    }
  });
});
