import { isNodeId, limits, type MemberState, type MemberUpdate } from '@simpledht/wire';
import { utf8Bytes } from './text.ts';

type Standing = Pick<MemberUpdate, 'state' | 'incarnation'>;

/** A standing, and on whose word. */
export type Claim = Pick<MemberUpdate, 'state' | 'incarnation' | 'accusers'>;

const rank: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 };

/**
 * Whether a claim says more than what is held: the larger incarnation wins, then the worse state (SWIM §4.2, where
 * "confirm" overrides everything; here, as in memberlist, a higher incarnation brings even the dead back).
 * A total order, so the same claims give the same standing in whatever order they come.
 */
export function supersedes(claim: Standing, held: Standing): boolean {
  if (claim.incarnation !== held.incarnation) return claim.incarnation > held.incarnation;
  return rank[claim.state] > rank[held.state];
}

/**
 * Largest incarnation believed of a third party that has not gone beyond it by its own word. Incarnations start at
 * wall-clock seconds and grow by one per refutation, so honest ones stay under 2³² until 2106. A liar who accuses with this
 * one is outbid by its victim, whose own word is believed up to `maxOwnIncarnation`: no claim can put a member beyond its
 * own refutation.
 */
const maxHearsayIncarnation = 4_294_967_295;

/**
 * Largest incarnation believed from others of a member that is held at `incarnation`. One above `maxHearsayIncarnation` can
 * only be the member's own word, as no hearsay leads there: it has outbid such a lie. Every honest accusation names that
 * incarnation from then on, and the member has to hear it to refute it. A lie moves it by one, no further.
 */
export function hearsayBound(incarnation: number): number {
  return Math.max(maxHearsayIncarnation, incarnation);
}

/** Largest incarnation that a member may have by its own word. */
export const maxOwnIncarnation = 281_474_976_710_655;

/** The codec has checked types already; this checks sense. */
export function isPlausible(update: MemberUpdate, maxIncarnation: number): boolean {
  const { id, address, incarnation } = update;
  if (!Number.isSafeInteger(incarnation) || incarnation < 0 || incarnation > maxIncarnation) return false;
  return isNodeId(id) && Object.hasOwn(rank, update.state) && utf8Bytes(address) <= limits.maxAddressBytes;
}
