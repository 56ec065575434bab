import { limits, type Address, type MemberState, type MemberUpdate, type NodeId } from '@simpledht/wire';
import type { ClockBounds } from './clock-bounds.ts';

/** What this node knows of another. An immutable snapshot: a later state is another object. */
export interface Member {
  readonly id: NodeId;
  /** Where it was last verified to answer, or where a peer verified it if this node has not yet. */
  readonly address: Address;
  readonly state: MemberState;
  readonly incarnation: number;
  /** Its store outlives its process: it may come back as the same member after any time. */
  readonly durable: boolean;
  /** Who found out that it does not answer; empty while it is alive. */
  readonly accusers: readonly NodeId[];
  /** Monotonic ms of the last change of `state`. */
  readonly since: number;
  /** Smoothed round-trip time (RFC 6298 §2, weight 1/8); absent before the first acknowledgement. */
  readonly rttMs?: number;
  /** Its wall clock minus this node's; absent before the first acknowledgement. */
  readonly clockOffsetMs?: number;
  /** By how much that may be wrong, ms: half of the fastest round trip or so. */
  readonly clockErrorMs?: number;
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
  /** Where others said last that they reach it, if that is neither `address` nor `alias`: hearsay, for when it does not answer. */
  rumour: Address | undefined;
  state: MemberState;
  incarnation: number;
  durable: boolean;
  /** At most `limits.maxAccusers`. */
  accusers: readonly NodeId[];
  since: number;
  rttMs: number | undefined;
  clock: ClockBounds | undefined;
  lastSeenMs: number | undefined;
  /** Snapshot for the outside; made when asked for, dropped when something changes. */
  view: Member | undefined;
}

/** A member that takes part: probed, gossiped to, counted. Suspects do until they are declared dead. */
export function isLive(member: { readonly state: MemberState }): boolean {
  return member.state === 'alive' || member.state === 'suspect';
}

/** Somebody says where it is reached, in this life of it. */
export function noteRumour(entry: Entry, { state, incarnation, address }: MemberUpdate): void {
  if (state !== 'alive' || incarnation !== entry.incarnation || address === '') return;
  if (address !== entry.address && address !== entry.alias) entry.rumour = address;
}

/** Somebody says that it does not answer. */
export function isAccused(state: MemberState): boolean {
  return state === 'suspect' || state === 'dead';
}

export function newEntry(update: MemberUpdate, nowMs: number): Entry {
  const { id, address, state, incarnation, durable, accusers } = update;
  return {
    id,
    address,
    verified: false,
    advertised: undefined,
    advertisedTriedMs: -Infinity,
    pinned: false,
    alias: undefined,
    rumour: undefined,
    state,
    incarnation,
    durable,
    accusers: isAccused(state) ? accusersOf(id, [], accusers) : [],
    since: nowMs,
    rttMs: undefined,
    clock: undefined,
    lastSeenMs: undefined,
    view: undefined,
  };
}

export function viewOf(entry: Entry): Member {
  const { id, address, state, incarnation, durable, accusers, since, rttMs, clock, lastSeenMs } = entry;
  entry.view ??= {
    id,
    address,
    state,
    incarnation,
    durable,
    accusers,
    since,
    ...(rttMs === undefined ? {} : { rttMs }),
    ...(clock === undefined ? {} : offsetOf(clock)),
    ...(lastSeenMs === undefined ? {} : { lastSeenMs }),
  };
  return entry.view;
}

function offsetOf({ low, high }: ClockBounds): Required<Pick<Member, 'clockOffsetMs' | 'clockErrorMs'>> {
  return { clockOffsetMs: (low + high) / 2, clockErrorMs: (high - low) / 2 };
}

/** Everyone once, as many as are kept; nobody accuses himself. */
export function accusersOf(id: NodeId, held: readonly NodeId[], told: readonly NodeId[]): readonly NodeId[] {
  const accusers = new Set(held);
  for (const accuser of told) if (accuser !== id && accusers.size < limits.maxAccusers) accusers.add(accuser);
  return accusers.size === held.length ? held : [...accusers];
}

/** One more sample, smoothed as RFC 6298 §2 does with the round-trip time. */
export function smoothed(held: number | undefined, sample: number): number {
  return held === undefined ? sample : held + (sample - held) / 8;
}

/** Of the dead and the left, who makes room first: who was never met, then the longest gone. */
export function leavesBefore(left: Entry, right: Entry): boolean {
  if (left.verified !== right.verified) return !left.verified;
  return left.since < right.since;
}
