import { answer } from './answer.ts';
import { bandwidth } from './bandwidth.ts';
import { cutResponse } from './cut-response.ts';
import { latency } from './latency.ts';
import { limitData } from './limit-data.ts';
import { noop } from './noop.ts';
import { resetPeer } from './reset-peer.ts';
import { slicer } from './slicer.ts';
import { slowClose } from './slow-close.ts';
import { timeout } from './timeout.ts';
import type { ToxicType } from './toxic-type.ts';

/** Every toxic by its type. A new one is one file and one line here. The last two are extensions. */
export const toxicTypes: ReadonlyMap<string, ToxicType> = new Map<string, ToxicType>(
  [noop, latency, bandwidth, slowClose, timeout, resetPeer, slicer, limitData, cutResponse, answer].map((kind) => [
    kind.type,
    kind,
  ]),
);
