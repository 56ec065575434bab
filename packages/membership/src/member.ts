import type { Address, MemberState, MemberUpdate, NodeId } from '@simpledht/wire';

/** What this node knows of another. An immutable snapshot: a later state is another object. */
export interface Member {
  readonly id: NodeId;
  /** Where it was last verified to answer, or where a peer verified it if this node has not yet. */
  readonly address: Address;
  readonly state: MemberState;
  readonly incarnation: number;
  /** Monotonic ms of the last change of `state`. */
  readonly since: number;
  /** Smoothed round-trip time (RFC 6298 §2, weight 1/8); absent before the first acknowledgement. */
  readonly rttMs?: number;
  /** Its wall clock minus this node's, smoothed; wrong by at most half a round trip. */
  readonly clockOffsetMs?: number;
  /** Monotonic ms of the last message that came from it directly; absent when none did. */
  readonly lastSeenMs?: number;
}

/** A member as the roster keeps it. Only the roster writes to it. */
export interface Entry {
  readonly id: NodeId;
  address: Address;
  /** This node itself has had a message from `address`. What is not verified is believed and dialled, but not passed on. */
  verified: boolean;
  /** Where it wishes to be reached, by its own word. */
  advertised: Address | undefined;
  /** Monotonic ms of the last look whether it can be. */
  advertisedTriedMs: number;
  /** It answered there: other sources of its messages do not move it until it is suspected. */
  pinned: boolean;
  /** Where its messages come from, if that is not `address`. */
  alias: Address | undefined;
  state: MemberState;
  incarnation: number;
  since: number;
  rttMs: number | undefined;
  clockOffsetMs: number | undefined;
  lastSeenMs: number | undefined;
  /** Snapshot for the outside; made when asked for, dropped when something changes. */
  view: Member | undefined;
}

/** A member that takes part: probed, gossiped to, counted. Suspects do until they are declared dead. */
export function isLive(member: { readonly state: MemberState }): boolean {
  return member.state === 'alive' || member.state === 'suspect';
}

export function newEntry({ id, address, state, incarnation }: MemberUpdate, nowMs: number): Entry {
  return {
    id,
    address,
    verified: false,
    advertised: undefined,
    advertisedTriedMs: -Infinity,
    pinned: false,
    alias: undefined,
    state,
    incarnation,
    since: nowMs,
    rttMs: undefined,
    clockOffsetMs: undefined,
    lastSeenMs: undefined,
    view: undefined,
  };
}

export function viewOf(entry: Entry): Member {
  const { id, address, state, incarnation, since, rttMs, clockOffsetMs, lastSeenMs } = entry;
  entry.view ??= {
    id,
    address,
    state,
    incarnation,
    since,
    ...(rttMs === undefined ? {} : { rttMs }),
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
    ...(lastSeenMs === undefined ? {} : { lastSeenMs }),
  };
  return entry.view;
}
