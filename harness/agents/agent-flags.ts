/** The most users an agent will have at once: who think before each iteration, and who think in their flows. */
export interface AgentUsers {
  between: number;
  inFlow: number;
}

/**
 * How an agent's memory is managed, by what it is to do: pauses are lateness (docs/performance.md has the figures).
 *
 * What a collection of the young generation costs is what survives it. With very many users who think in their flows that is
 * the state of those, so each must be short: a small young generation. Of those who think between iterations it is what they
 * are made of, once. With few users nearly nothing survives, and the fewer collections the better. undici makes several times
 * the garbage for a request.
 *
 * The old generation is left alone until it holds what the users will hold: while they come nothing of it is garbage. Then it is
 * marked in steps of a fraction of a millisecond on the main thread. With a marker on another thread V8 means to be done in
 * half a second, and takes nearly all of the main thread for that; more of them took both cores of a small machine as well.
 * To compact what very many users hold takes longer than the memory is worth.
 */
export function agentFlags(driver: 'wire' | 'undici', { between, inFlow }: AgentUsers): string[] {
  if (driver === 'undici') return ['--max-semi-space-size=16', QUIET];
  const youngMib = inFlow >= VERY_MANY ? 1 : between >= VERY_MANY ? 4 : 16;
  const heldMib = (inFlow * BYTES_IN_FLOW + between * BYTES_BETWEEN) / 2 ** 20;
  return [
    `--max-semi-space-size=${youngMib}`,
    ...(inFlow >= VERY_MANY ? ['--no-compact'] : []),
    '--no-parallel-scavenge',
    '--no-concurrent-marking',
    `--initial-old-space-size=${EMPTY_MIB + Math.ceil(heldMib)}`,
    '--heap-growing-percent=30',
    QUIET,
  ];
}

const VERY_MANY = 50_000;
const QUIET = '--disable-warning=ExperimentalWarning';
/** What the old generation holds without users, and of each of them, with some garbage. */
const EMPTY_MIB = 30;
const BYTES_IN_FLOW = 850;
const BYTES_BETWEEN = 200;
