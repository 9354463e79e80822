import { beginFlow, type GroupContext } from './group.ts';
import { activeUsers, type CurvePoint, timeReaching } from './schedule.ts';
import { firstOf, type Share } from './share.ts';
import { drawThinkMs, type Thinking, type ThinkTime } from './think-time.ts';
import type { User } from './user.ts';
import { LoadIsOver, VirtualUser } from './virtual-user.ts';

export interface ClosedGroupSpec {
  model: 'users';
  name: string;
  curve: readonly CurvePoint[];
  /** An iteration begins so long after the one before began; at once when that took longer. */
  everyMs?: number;
  /** How long a user thinks before each iteration. Meanwhile its flow has not begun, and it is nothing but a timer. */
  think?: ThinkTime;
  /** How long a user that has to leave may take to the end of its iteration. */
  graceMs: number;
  flow: (user: User) => Promise<void>;
}

/** Closed model: keeps as many users active as the curve says, looking every few milliseconds. */
export class ClosedGroup {
  readonly spec: ClosedGroupSpec;
  readonly context: GroupContext;
  readonly #crews: Crew[] = [];
  #curve: readonly CurvePoint[];
  #largest: number;

  constructor(spec: ClosedGroupSpec, context: GroupContext) {
    this.spec = spec;
    this.context = context;
    this.#curve = spec.curve;
    this.#largest = largestOf(spec.curve);
  }

  begin(): void {
    this.#look(this.context.startMs);
  }

  /**
   * Takes over a share. One that was somebody else's before (`generation` above 0) comes in little by little, and its
   * users have new random streams: those of before may have been used already.
   */
  adopt(share: Share, nowMs: number, generation: number): void {
    const count = activeUsers(this.#curve, nowMs - this.context.startMs) / share.of;
    const thinking = this.spec.think === undefined ? 'in-flow' : 'between';
    const fullMs = generation === 0 ? nowMs : nowMs + comingMs(count, thinking);
    this.#crews.push(new Crew(this, share, generation, nowMs, fullMs));
  }

  /** From now on this is the curve. */
  follow(curve: readonly CurvePoint[]): void {
    this.#curve = curve;
    this.#largest = Math.max(this.#largest, largestOf(curve));
  }

  get curve(): readonly CurvePoint[] {
    return this.#curve;
  }

  /** Never fewer than the group's users, so that numbers of iterations made with it are unique. */
  get largest(): number {
    return this.#largest;
  }

  #look(dueMs: number): void {
    const { startMs, shared } = this.context;
    const wanted = activeUsers(this.#curve, dueMs - startMs);
    for (const crew of this.#crews) crew.become(wanted, dueMs);
    shared.wheel.at(dueMs + LOOK_EVERY_MS, (nextMs) => this.#look(nextMs));
  }
}

/** The users of one share. */
class Crew {
  readonly group: ClosedGroup;
  readonly #share: Share;
  readonly #generation: number;
  readonly #sinceMs: number;
  readonly #fullMs: number;
  /** By turn within the share. */
  readonly #members: (Resident | undefined)[] = [];
  /** How often a user that left came back, and how many iterations it had begun by then. */
  readonly #returns = new Map<number, { times: number; iterations: number }>();
  #wanted = 0;
  #lookedMs: number;

  constructor(group: ClosedGroup, share: Share, generation: number, sinceMs: number, fullMs: number) {
    this.group = group;
    this.#share = share;
    this.#generation = generation;
    this.#sinceMs = sinceMs;
    this.#fullMs = fullMs;
    this.#lookedMs = sinceMs;
  }

  /** Makes the users below `wanted` active that are in the share, and lets the others go. */
  become(wanted: number, nowMs: number): void {
    const coming = nowMs >= this.#fullMs ? 1 : Math.max(0, (nowMs - this.#sinceMs) / (this.#fullMs - this.#sinceMs));
    const now = Math.floor(wanted * coming);
    const share = this.#share;
    const before = this.#wanted;
    // First, as those who leave at once look whether they are wanted.
    this.#wanted = now;
    if (now > before) {
      for (let index = firstOf(share, before); index < now; index += share.of) this.#bring(index, nowMs);
    } else if (now < before) {
      this.#send(firstOf(share, now), before, nowMs);
    }
    this.#lookedMs = nowMs;
  }

  #bring(index: number, nowMs: number): void {
    const { spec, context, curve } = this.group;
    const turn = (index - this.#share.index) / this.#share.of;
    const known = this.#members[turn];
    if (known) {
      // It has not left yet.
      known.leaving = false;
      return;
    }
    const { startMs } = context;
    const reachedMs = timeReaching(curve, index + 1, this.#lookedMs - startMs);
    const bornMs = this.#generation > 0 || reachedMs === undefined ? nowMs : startMs + reachedMs;
    const { times, iterations } = this.#returns.get(turn) ?? { times: 0, iterations: 0 };
    const lives = this.#generation + times === 0 ? '' : `#${this.#generation}.${times}`;
    const stream = spec.name + lives;
    const resident =
      spec.everyMs === undefined
        ? new Resident(this, stream, index, bornMs)
        : new PacedResident(this, stream, index, bornMs, spec.everyMs);
    // It goes on counting, so that it is not dealt the rows of a feed again.
    resident.iteration = iterations;
    if (this.#generation > 0) resident.startMidway();
    this.#members[turn] = resident;
    context.count(1);
    resident.begin();
  }

  left(resident: Resident): void {
    const turn = (resident.index - this.#share.index) / this.#share.of;
    const { count, shared } = this.group.context;
    this.#members[turn] = undefined;
    this.#returns.set(turn, { times: (this.#returns.get(turn)?.times ?? 0) + 1, iterations: resident.iteration });
    count(-1);
    // It had to go, and is wanted again since.
    if (resident.index < this.#wanted && !shared.over()) this.#bring(resident.index, shared.nowMs());
  }

  /** They leave at the end of their iteration, or when their grace is over. */
  #send(from: number, to: number, nowMs: number): void {
    const { spec, context } = this.group;
    const { index: first, of } = this.#share;
    for (let index = from; index < to; index += of) {
      const member = this.#members[(index - first) / of];
      member?.leaveSoon();
    }
    context.shared.wheel.at(nowMs + spec.graceMs, () => {
      for (let index = from; index < to; index += of) {
        const member = this.#members[(index - first) / of];
        if (member?.leaving) member.expel();
      }
    });
  }
}

/** A user of the closed model: begins iteration after iteration until it is told to leave. */
class Resident extends VirtualUser {
  readonly crew: Crew;
  /** An iteration that has done nothing yet but to begin to wait; or it thinks before the next one. */
  #resting: Promise<unknown> | 'between' | undefined = undefined;

  constructor(crew: Crew, stream: string, index: number, bornMs: number) {
    super(crew.group.context.shared, stream, index, Math.round(bornMs));
    this.crew = crew;
  }

  begin(): void {
    const { think } = this.crew.group.spec;
    if (think === undefined || this.isOver || this.leaving) Resident.#iterateOrLeave(this);
    else if (this.isThinking) {
      // Its last iteration has left a wait behind, which has its timer.
      const goOn = () => Resident.#iterateOrLeave(this);
      this.wait(drawThinkMs(this, think)).then(goOn, goOn);
    } else {
      this.#resting = 'between';
      this.rest(drawThinkMs(this, think));
    }
  }

  override fire(): void {
    super.fire();
    const resting = this.#resting;
    if (resting === undefined) return;
    this.#resting = undefined;
    if (resting !== 'between') Resident.#listen(this, resting);
    else Resident.#iterateOrLeave(this);
  }

  /** When its iteration has ended; at once when it thinks before one. */
  leaveSoon(): void {
    if (this.#resting === 'between') this.expel();
    else this.leaving = true;
  }

  static #iterateOrLeave(resident: Resident): void {
    if (resident.isOver || resident.leaving) {
      if (resident.leave()) resident.crew.left(resident);
    } else Resident.#iterate(resident);
  }

  static #iterate(resident: Resident): void {
    resident.iteration++;
    resident.steps = 0;
    const hadWait = resident.isThinking;
    const iteration = beginFlow(resident.crew.group.spec.flow, resident);
    // Of a million users with thinking flows most are there, and it is listened to only once it goes on: what listens to a
    // promise is as much as a fifth of what such a user holds. One that races with its wait is heard when that is over.
    if (resident.isThinking && resident.steps === 1 && !hadWait) resident.#resting = iteration;
    else Resident.#listen(resident, iteration);
  }

  static #listen(resident: Resident, iteration: Promise<unknown>): void {
    iteration.then(resident.iterationCompleted.bind(resident), resident.iterationFailed.bind(resident));
  }

  /** In whole milliseconds: a number with a fraction is an object of its own, in each of a million users. */
  override waitUntil(tMs: number): Promise<void> {
    return super.waitUntil(Math.round(tMs));
  }

  /** One that thinks is gone at once; what is left of its flow ends when it would have gone on. */
  override expel(): void {
    super.expel();
    if (this.isThinking && this.leave()) this.crew.left(this);
  }

  iterationCompleted(): void {
    const { spec, context } = this.crew.group;
    context.iterationEnded(spec.name, undefined);
    this.goOn();
  }

  iterationFailed(error: unknown): void {
    const { spec, context } = this.crew.group;
    if (!(error instanceof LoadIsOver)) context.iterationEnded(spec.name, error);
    this.goOn();
  }

  protected goOn(): void {
    const { spec, context } = this.crew.group;
    if (this.steps > 0 || this.isOver || spec.think !== undefined) {
      this.begin();
      return;
    }
    const what = `flow ${spec.name} neither sends a request nor thinks: waiting a second before the next round`;
    context.shared.recorder.trouble(what, context.shared.nowMs());
    const again = () => this.begin();
    this.wait(1_000).then(again, again);
  }

  protected override turn(): number {
    return this.index + (this.iteration - 1) * this.crew.group.largest;
  }
}

/** One whose iterations begin at a pace. */
class PacedResident extends Resident {
  readonly #everyMs: number;
  #beganMs: number;

  constructor(crew: Crew, stream: string, index: number, bornMs: number, everyMs: number) {
    super(crew, stream, index, bornMs);
    this.#everyMs = everyMs;
    this.#beganMs = bornMs;
  }

  protected override goOn(): void {
    this.#beganMs = Math.max(this.#beganMs + this.#everyMs, this.crew.group.context.shared.nowMs());
    const again = () => this.begin();
    this.waitUntil(this.#beganMs).then(again, again);
  }
}

function largestOf(curve: readonly CurvePoint[]): number {
  return Math.ceil(Math.max(1, ...curve.map((point) => point.value)));
}

const LOOK_EVERY_MS = 5;
/**
 * How long so many users of a lost agent take to come to another one. All at once they would be a stampede of our own
 * making; and making users costs time and memory, so that an agent with too many at once is late with all it has.
 */
export function comingMs(users: number, thinking: Thinking): number {
  return Math.max(1_500, (users / COMING_PER_SEC[thinking]) * 1_000);
}

const COMING_PER_SEC = { between: 60_000, 'in-flow': 15_000 };
