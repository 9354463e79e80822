import { describeEngine, type EngineDescription } from '../../chaos/docker/describe-engine.ts';

/** What `stampede doctor` says of the Docker engine: only faults on containers need one. */
export async function dockerFinding(): Promise<{ ok: boolean; found: string; cure?: string }> {
  return sayEngine(await describeEngine(AbortSignal.timeout(DEADLINE_MS)));
}

export function sayEngine({ address, version, kernel, problem, image, network }: EngineDescription): {
  ok: boolean;
  found: string;
  cure?: string;
} {
  if (problem !== undefined) return { ok: false, found: problem, cure: 'only faults on containers need one' };
  const found = `${version} at ${address}, kernel ${kernel}`;
  if (network === undefined) {
    return {
      ok: false,
      found: `${found}, no image '${image}'`,
      cure: `faults in a container's network need it: docker build -t ${image} chaos/docker/tools`,
    };
  }
  const { netem, ...used } = network;
  const lacks = Object.entries(used).flatMap(([name, why]) => (why === undefined ? [] : [`${name} (${why})`]));
  const latency = netem === undefined ? '' : ', no netem: latency is for Toxiproxy to make';
  return lacks.length === 0
    ? { ok: true, found: `${found}${latency}` }
    : { ok: false, found: `${found}${latency}`, cure: `its kernel lacks ${lacks.join(', ')}` };
}

const DEADLINE_MS = 8_000;
