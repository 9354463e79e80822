import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Baseline, Baselines, FaultFamily, FaultKind, Proof, Resolved } from '../fault.ts';
import { proofWithin } from '../proof-within.ts';
import type { Topology } from '../topology.ts';
import { addToxic, type NewToxic, renewToxic } from '../toxiproxy-client.ts';
import { leaseOf } from './lease.ts';
import { type LinkReach, type LinkTarget, linkField, measureLink, reachOf } from './link.ts';
import { othersSeen } from './link-users.ts';

/** What all faults share that are one toxic on a link. */
export const toxicFields = {
  link: linkField,
  stream: z
    .enum(['downstream', 'upstream'])
    .default('downstream')
    .describe('which way: downstream is the answers, upstream is the questions; downstream unless told'),
  toxicity: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('share of connections hit, above 0 up to 1; all of them unless told'),
};

interface ToxicParams {
  /** Downstream unless told. */
  stream?: 'downstream' | 'upstream';
  /** Share of connections hit. */
  toxicity?: number;
  /** Share of requests hit, where each is drawn for itself. */
  share?: number;
}

export interface ToxicFault<Params extends ToxicParams> {
  kind: string;
  resolve(params: Params, topology: Topology): Resolved<LinkTarget>;
  family?: FaultFamily;
  /** A link through a fault proxy unless told. */
  needs?: string;
  about: string;
  provenBy: string;
  params: z.ZodType<Params>;
  /** Without stream and share, which are told for it. */
  settings(params: Params): string;
  /** What is true of this toxic's removal beyond that it is gone. */
  undoneBy?: string;
  /** Asked of the proxy when it is applied: what a server has may decide. */
  toxic(params: Params, api: string, signal: AbortSignal): Promise<ToxicMade>;
  baseline?(target: LinkTarget, signal: AbortSignal): Promise<Baseline>;
  /** Measures one connection of its own through the link. Throws when that cannot be done at all. */
  look(params: Params, reach: LinkReach, before: Baseline, signal: AbortSignal): Promise<Sighting>;
}

/** `stream` for a toxic that has one way only. */
type ToxicMade = Pick<NewToxic, 'type' | 'attributes' | 'per'> & Partial<Pick<NewToxic, 'stream'>>;

/** What one connection showed, as the end of a sentence that begins with the link's name. */
export interface Sighting {
  hit: boolean;
  seen: string;
}

/** A fault that is a toxic on a link: proven by connections of our own through the link, and by traffic of others on it. */
export function toxicFault<Params extends ToxicParams>(toxic: ToxicFault<Params>): FaultKind<Params, LinkTarget> {
  const { kind, family = 'network', about, params, provenBy, undoneBy = 'removing the toxic' } = toxic;
  const { needs = 'a link through a fault proxy' } = toxic;
  return {
    kind,
    family,
    about,
    needs,
    provenBy: `${provenBy}, and traffic of the target itself on the link meanwhile`,
    undoneBy: `${undoneBy}; our own fault proxy removes it by itself soon after the fault should have ended`,
    params,
    resolve: toxic.resolve,
    settings: (given) => [toxic.settings(given), ...shared(given)].join(', '),
    undoOf: (_, { api, proxy }, id) => ({ step: 'remove-toxic', api, proxy, toxic: id }),
    baseline: toxic.baseline ?? measureLink,

    async apply(given, { api, proxy }, how) {
      const { id, signal } = how;
      const { stream = 'downstream' } = given;
      const what = await toxic.toxic(given, api, signal);
      const { share: toxicity } = hitBy(given);
      await addToxic(api, proxy, { name: id, stream, ...what, toxicity, ttlMs: leaseOf(how) }, signal);
    },

    async renew(_, { api, proxy }, { id, leaseMs, signal }) {
      await renewToxic(api, proxy, id, leaseMs, signal);
    },

    prove: (given, target, before, signal) =>
      proveToxic(target, hitBy(given), before.proven === true, signal, (reach) =>
        toxic.look(given, reach, latest(before), signal),
      ),
  };
}

/** The last measurement in which the link answered, so that a moment's trouble does not hide what is normal. */
function latest({ armed, applied }: Baselines): Baseline {
  return applied.roundTripMs === undefined ? { ...applied, ...armed } : applied;
}

/** What the dice are thrown for, and how many of it are hit. */
interface Hit {
  share: number;
  of: 'connections' | 'requests';
}

function hitBy({ toxicity, share }: ToxicParams): Hit {
  return share === undefined ? { share: toxicity ?? 1, of: 'connections' } : { share, of: 'requests' };
}

function shared(given: ToxicParams): string[] {
  const { share, of } = hitBy(given);
  return [
    ...(given.stream === 'upstream' ? ['upstream'] : []),
    ...(share < 1 ? [`${Math.round(share * 1_000) / 10} % of ${of}`] : []),
  ];
}

/** Looks at so many connections at a time that a toxic is most likely to hit one of them, until one is hit. */
async function proveToxic(
  target: LinkTarget,
  { of, share }: Hit,
  seenBefore: boolean,
  signal: AbortSignal,
  look: (reach: LinkReach) => Promise<Sighting>,
): Promise<Proof> {
  const atOnce = share >= 1 ? 1 : Math.min(MOST_AT_ONCE, Math.ceil(Math.log(0.001) / Math.log(1 - share)));
  let looked = 0;
  let hitRounds = 0;
  let last = 'was not measured in time';
  const late = () => `${target.name} ${last}: no effect was seen${looked > 1 ? ` after ${looked} looks` : ''}`;
  const lookAtAll = async (reach: LinkReach) => {
    const sightings = await Promise.all(Array.from({ length: atOnce }, () => look(reach)));
    const hits = sightings.filter(({ hit }) => hit);
    // A look that was broken off says nothing.
    if (signal.aborted && hits.length === 0) return hits;
    looked += sightings.length;
    last = (hits[0] ?? sightings[0])?.seen ?? last;
    return hits;
  };
  return proofWithin(signal, late, async () => {
    while (!signal.aborted) {
      const reach = await reachOf(target, signal);
      if (reach === undefined) return { proven: false, evidence: `the proxy of ${target.name} is gone` };
      const fromMs = performance.now();
      const hits = await lookAtAll(reach);
      const tookMs = performance.now() - fromMs;
      if (hits.length === 0) {
        if (share >= 1) hitRounds = 0;
        await sleep(LOOK_AGAIN_MS);
        continue;
      }
      hitRounds += 1;
      // A machine that is held up for a moment looks as if it were hit; twice in a row, or for long, it does not. Where the
      // dice are thrown, a miss in between says nothing.
      if (!seenBefore && hitRounds < 2 && tookMs < LONG_MS) continue;
      const few = share < 1 ? ` (${hits.length} of ${atOnce} ${of})` : '';
      const evidence = `${target.name} ${last}${few}`;
      if (seenBefore) return { proven: true, evidence };
      const others = await othersSeen(target, signal);
      if (others !== undefined) return { proven: true, evidence: `${evidence}; ${others} meanwhile` };
      return { proven: false, evidence: `${evidence}, but nobody sent a byte over it: the link carries no traffic` };
    }
    return undefined;
  });
}

const MOST_AT_ONCE = 16;
const LOOK_AGAIN_MS = 200;
const LONG_MS = 2_000;
