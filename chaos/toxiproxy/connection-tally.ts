import type { EventLog } from './event-log.ts';

/** Tells of connections by the second, and only in seconds in which some came or went: one event each would be a flood. */
export class ConnectionTally {
  readonly #proxy: string;
  readonly #events: EventLog;
  #opened = 0;
  #closed = 0;
  #open = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(proxy: string, events: EventLog) {
    this.#proxy = proxy;
    this.#events = events;
  }

  opened(): void {
    this.#opened += 1;
    this.#open += 1;
    this.#tellSoon();
  }

  closed(): void {
    this.#closed += 1;
    this.#open -= 1;
    this.#tellSoon();
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#events.add({
        event: 'connections',
        proxy: this.#proxy,
        opened: this.#opened,
        closed: this.#closed,
        open: this.#open,
      });
      this.#opened = 0;
      this.#closed = 0;
      this.#timer = undefined;
    }, 1000).unref();
  }
}
