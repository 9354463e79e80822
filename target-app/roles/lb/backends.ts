/** Failed checks in a row until a backend is down; one good check brings it back. */
export const FALL = 2;

/** How long a backend that failed a request is the last choice, unless a check finds it well before. */
const EJECT_MS = 1_000;

export interface Backend<Target> {
  readonly name: string;
  readonly target: Target;
  /** Requests it is working on now. */
  sessions: number;
  up: boolean;
  failedChecks: number;
  ejectedUntilMs: number;
}

/** The backends of a balancer and what is known of their health. Pure: whoever uses it brings the clock. */
export class Backends<Target> {
  readonly all: readonly Backend<Target>[];
  #turn = 0;

  constructor(targets: readonly { name: string; target: Target }[]) {
    this.all = targets.map(({ name, target }) => {
      return { name, target, sessions: 0, up: false, failedChecks: FALL, ejectedUntilMs: 0 };
    });
  }

  /**
   * The healthy one with the fewest requests in work, in turn among equals; `except` is one that was tried already.
   * Those that failed lately are used when there is no other: a doubtful gateway is better than none.
   */
  choose(nowMs: number, except?: Backend<Target>): Backend<Target> | undefined {
    const count = this.all.length;
    const first = this.#turn++ % count;
    let best: Backend<Target> | undefined;
    for (let step = 0; step < count; step++) {
      const candidate = this.all[(first + step) % count];
      if (candidate === undefined || candidate === except || !candidate.up) continue;
      if (best === undefined || isBetter(candidate, best, nowMs)) best = candidate;
    }
    return best;
  }

  checked(backend: Backend<Target>, passed: boolean): void {
    if (passed) {
      backend.failedChecks = 0;
      backend.ejectedUntilMs = 0;
      backend.up = true;
    } else {
      backend.failedChecks++;
      if (backend.failedChecks >= FALL) backend.up = false;
    }
  }

  /** A real request found nobody there: sooner known than by the next check. */
  failed(backend: Backend<Target>, nowMs: number): void {
    backend.ejectedUntilMs = nowMs + EJECT_MS;
  }
}

function isBetter<Target>(candidate: Backend<Target>, best: Backend<Target>, nowMs: number): boolean {
  const candidateIsOut = candidate.ejectedUntilMs > nowMs;
  if (candidateIsOut !== best.ejectedUntilMs > nowMs) return !candidateIsOut;
  return candidate.sessions < best.sessions;
}
