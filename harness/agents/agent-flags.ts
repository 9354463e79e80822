/**
 * How an agent's memory is managed, by what it is to do: pauses are lateness (docs/performance.md has the figures). `users` are
 * the most it will have at once.
 *
 * What a collection of the young generation costs is what survives it. With very many users that is their state at rest, which
 * all survives, so each must be short: a small young generation. With few, nearly nothing survives, and the fewer
 * collections the better. undici makes several times the garbage for a request.
 *
 * The old generation is left alone until it holds what the users will hold: while they come nothing of it is garbage. Then it is
 * marked in steps of a fraction of a millisecond on the main thread. With a marker on another thread V8 means to be done in
 * half a second, and takes nearly all of the main thread for that; more of them took both cores of a small machine as well.
 * To compact what very many users hold takes longer than the memory is worth.
 */
export function agentFlags(driver: 'wire' | 'undici', users: number): string[] {
  if (driver === 'undici') return ['--max-semi-space-size=16', QUIET];
  const byNumber = users >= VERY_MANY ? ['--max-semi-space-size=1', '--no-compact'] : ['--max-semi-space-size=16'];
  return [
    ...byNumber,
    '--no-parallel-scavenge',
    '--no-concurrent-marking',
    `--initial-old-space-size=${EMPTY_MIB + Math.ceil((users * BYTES_PER_USER) / 2 ** 20)}`,
    '--heap-growing-percent=30',
    QUIET,
  ];
}

const VERY_MANY = 50_000;
const QUIET = '--disable-warning=ExperimentalWarning';
/** What the old generation holds without users, and of each of them, with some garbage. */
const EMPTY_MIB = 30;
const BYTES_PER_USER = 850;
