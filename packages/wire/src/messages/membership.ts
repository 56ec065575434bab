import type { Address, NodeId } from '../ids.ts';

export type MemberState = 'alive' | 'suspect' | 'dead' | 'left';

/** What one member says of another. */
export interface MemberUpdate {
  readonly id: NodeId;
  /** Where it was last verified to answer; '' when the sender speaks of itself and does not know. */
  readonly address: Address;
  readonly state: MemberState;
  /** Grows only by the member itself (SWIM §4.2). */
  readonly incarnation: number;
  /** Its store outlives its process, so it may come back as the same member. Its own word, passed on. */
  readonly durable: boolean;
  /** Who found out for themselves that it does not answer; each is one confirmation (Lifeguard §IV-B). Empty while it is alive. */
  readonly accusers: readonly NodeId[];
}

/** "Are you alive?" The receiver answers `ping-ack` with the same nonce. */
export interface Ping {
  readonly kind: 'ping';
  readonly from: NodeId;
  /** Whom the sender means to reach; another node at that address answers with its own id. */
  readonly target: NodeId;
  readonly nonce: number;
  readonly updates: readonly MemberUpdate[];
}

export interface PingAck {
  readonly kind: 'ping-ack';
  readonly from: NodeId;
  readonly nonce: number;
  /** Sender's wall clock, ms since 1970: clock offsets are measured with it. */
  readonly nowMs: number;
  /** The address that the ping came from, as the answerer saw it. */
  readonly observed: Address;
  readonly updates: readonly MemberUpdate[];
}

/** "Ping that member for me." The helper forwards the ack, or a nack when it got none in time. */
export interface PingRequest {
  readonly kind: 'ping-request';
  readonly from: NodeId;
  readonly target: NodeId;
  readonly targetAddress: Address;
  readonly nonce: number;
  readonly updates: readonly MemberUpdate[];
}

export interface PingNack {
  readonly kind: 'ping-nack';
  readonly from: NodeId;
  readonly nonce: number;
}

export interface Gossip {
  readonly kind: 'gossip';
  readonly from: NodeId;
  readonly updates: readonly MemberUpdate[];
}

/** Sender's whole roster, in pages; the answer is the receiver's, so that both sides know everyone. */
export interface RosterExchange {
  readonly kind: 'roster-exchange';
  readonly from: NodeId;
  readonly incarnation: number;
  /** Where the sender can be reached if it knows (`advertise`), else ''. */
  readonly advertise: Address;
  readonly members: readonly MemberUpdate[];
  /** Members with an id after this one are asked for; '' for the first page. */
  readonly after: NodeId | '';
  /** Of the sender, as in `MemberUpdate`. */
  readonly durable: boolean;
}

export interface Roster {
  readonly kind: 'roster';
  readonly from: NodeId;
  readonly incarnation: number;
  /** The address that the exchange came from, as the answerer saw it. */
  readonly observed: Address;
  readonly members: readonly MemberUpdate[];
  /** More members follow after this id; '' when done. */
  readonly next: NodeId | '';
  /** Of the sender, as in `MemberUpdate`. */
  readonly durable: boolean;
}

/** "I am leaving": reliable, so that a member that stops is not suspected first. Answered with `done`. */
export interface Leave {
  readonly kind: 'leave';
  readonly from: NodeId;
  readonly incarnation: number;
}

export interface Done {
  readonly kind: 'done';
}
