import { z } from 'zod';
import { Stage } from './stage.ts';
import type { ToxicType } from './toxic-type.ts';

/** `timeout` in milliseconds: both peers get an RST that long after the first data, or the end, on this direction. */
const attributes = z.object({ timeout: z.int() });
type Attributes = z.infer<typeof attributes>;

export const resetPeer: ToxicType<Attributes> = {
  type: 'reset_peer',
  goStruct: 'ResetToxic',
  goInt: 'int64',
  attributes,
  stage: (initial, surroundings) => new ResetPeerStage(initial, surroundings),
};

class ResetPeerStage extends Stage<Attributes> {
  /** Kept while the reset is pending, so that a toxic removed in time leaves the stream whole. */
  #held: Buffer[] = [];
  #ended = false;
  #triggeredMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  override push(chunk: Buffer): boolean {
    this.#held.push(chunk);
    this.#trigger();
    return false;
  }

  override end(): void {
    this.#ended = true;
    this.#trigger();
  }

  override ready(): void {
    if (this.#triggeredMs === undefined) super.ready();
  }

  override start(): void {
    clearTimeout(this.#timer);
    if (this.#triggeredMs === undefined) return;
    const waitMs = this.#triggeredMs + this.attributes.timeout - performance.now();
    this.#timer = setTimeout(() => this.surroundings.cut('reset'), Math.max(0, Math.ceil(waitMs)));
  }

  override release(): void {
    const held = this.#held;
    const ended = this.#ended;
    this.discard();
    for (const chunk of held) this.outlet.push(chunk);
    if (ended) this.outlet.end();
  }

  override discard(): void {
    clearTimeout(this.#timer);
    this.#held = [];
    this.#ended = false;
    this.#triggeredMs = undefined;
  }

  #trigger(): void {
    if (this.#triggeredMs !== undefined) return;
    this.#triggeredMs = performance.now();
    this.start();
  }
}
