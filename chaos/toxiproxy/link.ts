import type { Socket } from 'node:net';
import type { Counters } from './metrics.ts';
import type { Random } from './random.ts';
import type { Direction, Toxic } from './toxic.ts';
import type { Inlet, Outlet, Stage, Surroundings } from './toxics/stage.ts';

/**
 * One direction of one connection: source socket, the stages of the toxics that hit this link, sink socket. Without
 * toxics a chunk goes from socket to socket in one call, held back only by the sink's own buffer.
 */
export class Link implements Inlet {
  readonly direction: Direction;
  readonly #ends: LinkEnds;
  readonly #slots: Slot[] = [];
  readonly #sink: Outlet;
  #first: Outlet;
  /** Which way the source ended, once it has. */
  #ending: Ending | undefined;
  /** The end of the stream has reached the sink. */
  #sinkFinished = false;
  #over = false;
  /** Something has come since the last request began. */
  #underWay = false;
  /** The source does not read as fast as toxics here answer it. */
  #repliesFull = false;

  constructor(direction: Direction, toxics: readonly Toxic[], ends: LinkEnds) {
    this.direction = direction;
    this.#ends = ends;
    this.#sink = { push: (chunk) => this.#deliver(chunk), end: () => this.#finish() };
    this.#first = this.#sink;
    for (const toxic of toxics) this.#slots.push(this.#slot(toxic));
    this.#wire();
    for (const slot of this.#slots) if (slot.active) slot.stage.start();
  }

  /** A chunk has come from the source. */
  receive(chunk: Buffer): void {
    this.#ends.counters.receivedBytes += chunk.length;
    this.#underWay = true;
    const takesMore = this.#first.push(chunk) && !this.#repliesFull;
    if (!takesMore && !this.#over) this.#ends.source.pause();
  }

  /**
   * Something for the sink that the source never said; after the last of it the connection ends. False when no more is
   * wanted until `onReady` is called.
   */
  inject(chunk: Buffer, last: boolean): boolean {
    if (this.#over || this.#ending !== undefined) return true;
    const takesMore = this.#first.push(chunk);
    if (last) this.sourceEnded('gone');
    return takesMore;
  }

  /** The link the other way can take more of what toxics here say to the source. */
  repliesReady(): void {
    if (!this.#repliesFull) return;
    this.#repliesFull = false;
    this.#wake();
  }

  /** The source has ended; what is held still goes its way before the sink hears of it. */
  sourceEnded(ending: 'fin' | 'gone' | 'error'): void {
    if (this.#ending === 'cut') return;
    const endedBefore = this.#ending !== undefined;
    this.#ending = ending;
    if (this.#sinkFinished || this.#over) this.#closeBoth();
    else if (!endedBefore) this.#first.end();
  }

  /** The sink can take more. */
  sinkReady(): void {
    const last = this.#active().at(-1);
    if (last) last.stage.ready();
    else this.ready();
  }

  ready(): void {
    if (this.#over || this.#ending === 'cut' || this.#repliesFull) return;
    this.#ends.source.resume();
    this.#ends.onReady();
  }

  /** Puts a toxic at the end of the chain. */
  add(toxic: Toxic): void {
    const slot = this.#slot(toxic);
    this.#slots.push(slot);
    if (this.#over) return;
    this.#wire();
    if (slot.active) slot.stage.start();
    this.#wake();
  }

  /** A request begins: toxics that are drawn for each request are drawn, and begin, anew. */
  requestBegins(): void {
    if (this.#ending !== undefined || this.#over) return;
    this.#underWay = false;
    const drawn = this.#slots.filter(({ toxic, active, stage }) => {
      return toxic.per === 'request' && !(active && stage.isInRequest);
    });
    if (drawn.length === 0) return;
    for (const slot of drawn) {
      if (slot.active) slot.stage.release();
      slot.active = this.#hits(slot.toxic);
      slot.stage = this.#stage(slot.toxic, (how) => this.#cut(slot, how));
    }
    this.#wire();
    for (const slot of drawn) if (slot.active) slot.stage.start();
    this.#wake();
  }

  /** Applies a toxic's new attributes and rolls its toxicity again. */
  update(toxic: Toxic): void {
    const slot = this.#slots.find((candidate) => candidate.toxic === toxic);
    if (!slot || this.#over) return;
    const wasActive = slot.active;
    slot.active = this.#hits(toxic);
    slot.stage.update(toxic.attributes);
    if (wasActive && !slot.active) slot.stage.release();
    this.#wire();
    if (slot.active) slot.stage.start();
    this.#wake();
  }

  /** Takes a toxic out; what it held goes on to the next stage, in order, whether anybody reads or not. */
  remove(toxic: Toxic): void {
    const at = this.#slots.findIndex((candidate) => candidate.toxic === toxic);
    const slot = this.#slots[at];
    if (!slot) return;
    if (this.#over) {
      this.#slots.splice(at, 1);
      return;
    }
    if (toxic.kind.onRemove === 'close' && !this.#sinkFinished) {
      this.#cut(slot, 'close');
      return;
    }
    if (slot.active) slot.stage.release();
    // Letting go may have cut the connection, and with it this slot.
    if (this.#slots[at] === slot) this.#slots.splice(at, 1);
    this.#wire();
    this.#wake();
  }

  /** Forgets everything: the sink is gone. */
  discard(): void {
    if (this.#over) return;
    this.#over = true;
    for (const { stage } of this.#slots) stage.discard();
    this.#first = NOWHERE;
  }

  #slot(toxic: Toxic): Slot {
    const slot: Slot = {
      toxic,
      active: this.#hits(toxic),
      stage: this.#stage(toxic, (how) => this.#cut(slot, how)),
    };
    return slot;
  }

  #stage({ kind, attributes }: Toxic, cut: (how: 'close' | 'reset') => void): Stage {
    const { random } = this.#ends;
    const reply: Surroundings['reply'] = (chunk, then) => {
      if (!this.#ends.reply(chunk, then)) this.#repliesFull = true;
    };
    return kind.stage(attributes, { random, cut, reply, underWay: this.#underWay });
  }

  #hits(toxic: Toxic): boolean {
    return this.#ends.random() < toxic.toxicity;
  }

  #active(): Slot[] {
    return this.#slots.filter((slot) => slot.active);
  }

  #wire(): void {
    const stages = this.#active().map((slot) => slot.stage);
    stages.forEach((stage, at) => {
      stage.connect(stages[at - 1] ?? this, stages[at + 1] ?? this.#sink);
    });
    this.#first = this.#ending === 'cut' ? NOWHERE : (stages[0] ?? this.#sink);
  }

  /** After a change of the chain nobody may wait for a call that a stage no longer there owed. */
  #wake(): void {
    if (!this.#ends.sink.writableNeedDrain) this.sinkReady();
  }

  #cut(slot: Slot, how: 'close' | 'reset'): void {
    if (this.#over) return;
    if (how === 'reset') {
      this.#ends.close('reset');
      return;
    }
    // From here on only what has already passed this stage is of interest.
    const at = this.#slots.indexOf(slot);
    const next = this.#slots.slice(at + 1).find((candidate) => candidate.active)?.stage ?? this.#sink;
    this.#ending = 'cut';
    this.#ends.source.pause();
    for (const passed of this.#slots.splice(0, at + 1)) passed.stage.discard();
    this.#wire();
    next.end();
  }

  #deliver(chunk: Buffer): boolean {
    if (this.#over) return true;
    this.#ends.counters.sentBytes += chunk.length;
    return this.#ends.sink.write(chunk);
  }

  #finish(): void {
    if (this.#over || this.#sinkFinished) return;
    this.#sinkFinished = true;
    if (this.#ending === 'fin') this.#ends.sink.end();
    else this.#closeBoth();
  }

  #closeBoth(): void {
    switch (this.#ending) {
      case 'cut':
      case 'gone':
        this.#ends.close('close');
        return;
      case 'error':
        this.#ends.close('reset');
        return;
      case 'fin':
      case undefined:
        return;
      default:
        this.#ending satisfies never;
    }
  }
}

/**
 * How a stream ended: after a FIN the other direction goes on; a source that is gone for both directions takes the other
 * side along, by an RST if it went by one; a toxic's cut closes both.
 */
type Ending = 'fin' | 'gone' | 'error' | 'cut';

export interface LinkEnds {
  source: Socket;
  sink: Socket;
  counters: Counters;
  random: Random;
  /** Ends the connection in both directions. */
  close(how: 'close' | 'reset'): void;
  /** The link can take more: from its source, which goes on already, and from `inject`. */
  onReady(): void;
  /** Answers the source in the sink's place: see Surroundings. False asks for a pause until `repliesReady` is called. */
  reply(...said: Parameters<Surroundings['reply']>): boolean;
}

interface Slot {
  readonly toxic: Toxic;
  stage: Stage;
  /** Whether the toxicity hit this link. */
  active: boolean;
}

const NOWHERE: Outlet = { push: () => true, end: () => {} };
