import type { BadAnswerParams } from '../../chaos/faults/bad-answer.ts';
import type { HotKeyParams } from '../../chaos/faults/hot-key.ts';
import type { SlowReadersParams } from '../../chaos/faults/slow-readers.ts';
import type { ThunderingHerdParams } from '../../chaos/faults/thundering-herd.ts';
import { callSite } from './call-site.ts';
import { AT, type FaultSpec } from './scenario.ts';

/** What scenarios call to send a crowd, or to let a third party fail; nothing is checked here. */

/** Connections read answers at a trickle, so that answers wait in the server. */
export function slowReaders(params: SlowReadersParams): FaultSpec {
  return { kind: 'slow-readers', params, [AT]: callSite(slowReaders) };
}

/** One thing is asked for over and over. */
export function hotKey(params: HotKeyParams): FaultSpec {
  return { kind: 'hot-key', params, [AT]: callSite(hotKey) };
}

/** Many come at the same moment, as after an outage. */
export function thunderingHerd(params: ThunderingHerdParams): FaultSpec {
  return { kind: 'thundering-herd', params, [AT]: callSite(thunderingHerd) };
}

/** A third party answers with an error or with garbage. */
export function badAnswer(params: BadAnswerParams): FaultSpec {
  return { kind: 'bad-answer', params, [AT]: callSite(badAnswer) };
}
