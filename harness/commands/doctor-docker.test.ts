import { describe, expect, it } from 'vitest';
import { sayEngine } from './doctor-docker.ts';

const engine = {
  address: 'unix:///var/run/docker.sock',
  version: '20.10.24',
  kernel: '6.18.0',
  image: 'stampede-tools',
};
const all = { tbf: undefined, netem: undefined, drop: undefined, loss: undefined, reject: undefined };

describe('what the doctor says of the Docker engine', () => {
  it('that all is there', () => {
    const found = '20.10.24 at unix:///var/run/docker.sock, kernel 6.18.0';
    expect(sayEngine({ ...engine, network: all })).toEqual({ ok: true, found });
  });

  it('that latency is for Toxiproxy where the kernel has no netem, and what else the kernel lacks', () => {
    const network = { ...all, netem: 'Specified qdisc kind is unknown.', tbf: 'Specified qdisc kind is unknown.' };
    expect(sayEngine({ ...engine, network })).toEqual({
      ok: false,
      found: '20.10.24 at unix:///var/run/docker.sock, kernel 6.18.0, no netem: latency is for Toxiproxy to make',
      cure: 'its kernel lacks tbf (Specified qdisc kind is unknown.)',
    });
  });

  it('how to come by the tools, and why nothing answers', () => {
    expect(sayEngine(engine).cure).toBe(
      "faults in a container's network need it: docker build -t stampede-tools chaos/docker/tools",
    );
    expect(sayEngine({ ...engine, problem: 'no Docker engine answers at x' })).toEqual({
      ok: false,
      found: 'no Docker engine answers at x',
      cure: 'only faults on containers need one',
    });
  });
});
