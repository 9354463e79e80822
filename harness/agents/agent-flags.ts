/**
 * How an agent's memory is managed, by what it is to do: pauses are lateness (docs/performance.md has the figures). `users` are
 * the most it will have at once.
 *
 * What a collection of the young generation costs is what survives it. With very many users that is their state at rest, which
 * all survives, so each must be short: a small young generation. With few, nearly nothing survives, and the fewer
 * collections the better. undici makes several times the garbage for a request.
 *
 * Marking the old generation is done in small steps on the main thread: markers on other threads took the two cores of a small
 * machine away from it for seconds.
 */
export function agentFlags(driver: 'wire' | 'undici', users: number): string[] {
  if (driver === 'undici') return ['--max-semi-space-size=16', QUIET];
  const young = users >= VERY_MANY ? '--max-semi-space-size=1' : '--max-semi-space-size=16';
  return [young, '--no-concurrent-marking', '--no-parallel-scavenge', '--heap-growing-percent=40', QUIET];
}

const VERY_MANY = 50_000;
const QUIET = '--disable-warning=ExperimentalWarning';
