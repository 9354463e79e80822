/** What happened to the proxies of a server; `by` says who did it. */
export type ServerEvent =
  | { event: 'proxy created'; proxy: string; listen: string; upstream: string; enabled: boolean; toxics: object[] }
  | { event: 'proxy updated'; proxy: string; listen: string; upstream: string; enabled: boolean; by: Cause }
  | { event: 'proxy deleted'; proxy: string }
  | { event: 'toxic added' | 'toxic updated'; proxy: string; toxic: object }
  | { event: 'toxic removed'; proxy: string; toxic: string; by: Cause }
  /** Without a toxic: the lease of a disabled proxy. `error` says why it could not be lifted yet. */
  | { event: 'lease ended'; proxy: string; toxic?: string; error?: string }
  /** Since the last of these of this proxy; at most one a second. */
  | { event: 'connections'; proxy: string; opened: number; closed: number; open: number };

export type Cause = 'api' | 'lease' | 'reset';

/** The last events, numbered without gaps: a reader who misses numbers came too late. */
export class EventLog {
  readonly #lines: string[] = [];
  #last = 0;

  add(event: ServerEvent): void {
    this.#last += 1;
    this.#lines[this.#last % KEPT] = JSON.stringify({ seq: this.#last, at: new Date().toISOString(), ...event });
  }

  /** JSON lines of the events after that number, oldest first. */
  after(seq: number): string {
    const first = Math.max(seq + 1, this.#last - KEPT + 1, 1);
    const lines: string[] = [];
    for (let at = first; at <= this.#last; at += 1) lines.push(`${this.#lines[at % KEPT]}\n`);
    return lines.join('');
  }
}

const KEPT = 10_000;
