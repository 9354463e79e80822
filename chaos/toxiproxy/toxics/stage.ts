import type { Random } from '../random.ts';

/**
 * A stage is one toxic at work on one direction of one connection. Stages form a chain:
 *
 *     source socket --push--> stage --push--> stage --push--> sink socket
 *                   <-ready--       <-ready--       <-drain--
 *
 * Nothing here waits: a push never blocks, so toxics come and go within a turn of the event loop even when nobody reads.
 */
export abstract class Stage<Attributes = unknown> {
  protected attributes: Attributes;
  protected readonly surroundings: Surroundings;
  protected outlet: Outlet = NOWHERE;
  #inlet: Inlet = NOBODY;

  constructor(attributes: Attributes, surroundings: Surroundings) {
    this.attributes = attributes;
    this.surroundings = surroundings;
  }

  /** Puts the stage between its neighbours; called again whenever they change. */
  connect(inlet: Inlet, outlet: Outlet): void {
    this.#inlet = inlet;
    this.outlet = outlet;
  }

  /** Takes a chunk. False asks for a pause until `ready` is called; a chunk pushed all the same is kept. */
  abstract push(chunk: Buffer): boolean;

  /** No chunk follows. */
  end(): void {
    this.outlet.end();
  }

  /** The outlet can take more. */
  ready(): void {
    this.#inlet.ready();
  }

  /** It holds, or has thrown away, the beginning of a request: whatever comes next is the rest of that. */
  get isInRequest(): boolean {
    return false;
  }

  /** Called when the toxic starts to work on the link, and again after each change of its attributes. */
  start(): void {}

  /** New attributes, from now on and for what is held already. */
  update(attributes: Attributes): void {
    this.attributes = attributes;
  }

  /** Lets go of everything it holds, in order, and stops its timers: the toxic leaves the link. */
  release(): void {}

  /** Stops its timers and forgets what it holds: the link is over. */
  discard(): void {}
}

/** What takes chunks: the next stage, or the socket at the end. */
export interface Outlet {
  push(chunk: Buffer): boolean;
  end(): void;
}

/** What sends chunks, and is told when it may go on. */
export interface Inlet {
  ready(): void;
}

export interface Surroundings {
  readonly random: Random;
  /** When the stage was made, something of the request at hand had passed already. */
  readonly underWay: boolean;
  /**
   * Ends the whole connection. `close`: nothing more enters, what this stage let through is delivered, then both peers
   * get a FIN. `reset`: both get an RST at once.
   */
  cut(how: 'close' | 'reset'): void;
  /**
   * Says something to the client in the upstream's place; toxics on answers work on it. `next`: the request is done with;
   * `more`: so it is, and some of the next has come already; `close`: the connection ends after it.
   */
  reply(chunk: Buffer, then: 'next' | 'more' | 'close'): void;
}

const NOWHERE: Outlet = { push: () => true, end: () => {} };
const NOBODY: Inlet = { ready: () => {} };
