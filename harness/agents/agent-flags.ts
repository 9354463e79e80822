/**
 * How an agent's memory is managed, by what it is to do: pauses are lateness (docs/performance.md has the figures). `users` are
 * the most it will have at once.
 *
 * What a collection of the young generation costs is what survives it. With very many users that is their state at rest, which
 * all survives, so each must be short: a small young generation. With few, nearly nothing survives, and the fewer
 * collections the better. undici makes several times the garbage for a request.
 *
 * The old generation is not collected before it holds what the users will hold, as long as they come; and then one thread marks
 * it beside the main one, quickly, as garbage goes on growing until it is done. More threads took both cores of a small machine
 * away from the main one for seconds.
 */
export function agentFlags(driver: 'wire' | 'undici', users: number): string[] {
  if (driver === 'undici') return ['--max-semi-space-size=16', QUIET];
  const young = users >= VERY_MANY ? '--max-semi-space-size=1' : '--max-semi-space-size=16';
  return [
    young,
    '--no-parallel-scavenge',
    '--concurrent-marking-max-worker-num=1',
    `--initial-old-space-size=${EMPTY_MIB + Math.ceil((users * BYTES_PER_USER) / 2 ** 20)}`,
    '--heap-growing-percent=30',
    QUIET,
  ];
}

/** What the old generation holds without users, and of each of them, with some garbage. */
const EMPTY_MIB = 30;
const BYTES_PER_USER = 850;

const VERY_MANY = 50_000;
const QUIET = '--disable-warning=ExperimentalWarning';
