import type { Address, NodeId, Origin } from './ids.ts';
import type { Floor, StoredRecord, VectorEntry } from './record.ts';

/*
 * Every message of every layer, one closed union. `datagram` messages travel best effort in one datagram;
 * the others are requests and their replies, reliable and of any size.
 */

// ------------------------------------------------------------------------------------------- membership

export type MemberState = 'alive' | 'suspect' | 'dead' | 'left';

/** What one member says of another. */
export interface MemberUpdate {
  readonly id: NodeId;
  /** Where it was last verified to answer; '' when the sender speaks of itself and does not know. */
  readonly address: Address;
  readonly state: MemberState;
  /** Grows only by the member itself (SWIM §4.2). */
  readonly incarnation: number;
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

// ------------------------------------------------------------------------------------------- replication

/** What a replica has, sent as a request and as its answer. */
export interface Digest {
  readonly kind: 'digest';
  readonly from: NodeId;
  /** The origin under which the sender writes now; '' before its first write. */
  readonly origin: Origin | '';
  /** The sender's first sync has finished. */
  readonly ready: boolean;
  /** Sender's hybrid logical clock. */
  readonly hlc: number;
  readonly vector: readonly VectorEntry[];
  readonly floors: readonly Floor[];
  /** Live records without expiry: how many, and the 64-bit sum of their hashes in two halves. Compared only between equal vectors. */
  readonly count: number;
  readonly sumHigh: number;
  readonly sumLow: number;
}

/** The span of sequence numbers (from, to] of one origin that a delta speaks for. */
export interface DeltaRange {
  readonly origin: Origin;
  /** Exclusive. The receiver's watermark advances to `to` only if it is at or above `from`. */
  readonly from: number;
  /** Inclusive. Everything in (from, to] that is not among the records was overwritten by something newer. */
  readonly to: number;
}

/** The one message of push and anti-entropy: the surviving records of some ranges. Answered with `covered`. */
export interface Delta {
  readonly kind: 'delta';
  readonly ranges: readonly DeltaRange[];
  /** Each in one of the ranges, or loose (a repair): then it is merged and nothing is covered by it. */
  readonly records: readonly StoredRecord[];
}

/** What the receiver of a delta holds durably now, for the origins of the delta. */
export interface Covered {
  readonly kind: 'covered';
  /** The receiver is still joining: it covers nothing yet and wants live writes only. */
  readonly joining: boolean;
  readonly vector: readonly VectorEntry[];
}

/** "Give me your map in key order": how an empty node joins. */
export interface PageRequest {
  readonly kind: 'page-request';
  /** Stored keys after this one; '' from the start. */
  readonly after: string;
  /** Wished size of the answer's records, bytes; the server may send less, never nothing while there is more. */
  readonly maxBytes: number;
}

export interface Page {
  readonly kind: 'page';
  /** Server's vector and floors when it made this page. */
  readonly vector: readonly VectorEntry[];
  readonly floors: readonly Floor[];
  /** Records that the server holds in all, for progress. */
  readonly total: number;
  readonly records: readonly StoredRecord[];
  readonly done: boolean;
}

/** One key asked from a peer, while the asking node's first sync is still running. */
export interface Fetch {
  readonly kind: 'fetch';
  /** Stored key. */
  readonly key: string;
}

export interface Fetched {
  readonly kind: 'fetched';
  /** At most one record; a tombstone is told too. */
  readonly records: readonly StoredRecord[];
}

// ------------------------------------------------------------------------------------------- clients

export type Acks = 'local' | 'majority' | 'all' | number;

export interface ClientPut {
  readonly kind: 'client-put';
  readonly namespace: string;
  readonly key: string;
  /** Encoded by the client; the node checks it like anything from the network. */
  readonly value: Uint8Array;
  /** Ms until expiry, or 0 for none. */
  readonly ttlMs: number;
  readonly acks: Acks;
  readonly timeoutMs: number;
}

export interface ClientDelete {
  readonly kind: 'client-delete';
  readonly namespace: string;
  readonly key: string;
  readonly acks: Acks;
  readonly timeoutMs: number;
}

/** Answer to put and delete. */
export interface ClientWritten {
  readonly kind: 'client-written';
  readonly version: string;
  /** Members known to hold the write, the answering node included. */
  readonly acknowledged: number;
  /** Members known in all, the answering node included. */
  readonly members: number;
  /** Delete only: there was something to delete. */
  readonly existed: boolean;
}

export interface ClientGet {
  readonly kind: 'client-get';
  readonly namespace: string;
  readonly key: string;
}

export interface ClientValue {
  readonly kind: 'client-value';
  readonly found: boolean;
  /** Empty when not found. */
  readonly value: Uint8Array;
  readonly version: string;
  readonly writer: NodeId | '';
  readonly expiresAt: number;
}

export interface ClientList {
  readonly kind: 'client-list';
  readonly namespace: string;
  readonly prefix: string;
  /** Keys after this one; '' from the start. */
  readonly after: string;
  /** 1 … `limits.maxListPage`. */
  readonly limit: number;
  readonly values: boolean;
}

export interface ClientEntries {
  readonly kind: 'client-entries';
  /** [key, encoded value]; the value is empty unless `values` was asked for. */
  readonly entries: readonly (readonly [string, Uint8Array])[];
  readonly done: boolean;
}

/** `info` and `peers` of a node: a small open map, so that later versions may say more. */
export interface ClientInspect {
  readonly kind: 'client-inspect';
  readonly what: 'info' | 'peers' | 'ping';
}

export interface ClientFacts {
  readonly kind: 'client-facts';
  /** Encoded MessagePack value: for `info` a map, for `peers` an array of maps. */
  readonly facts: Uint8Array;
}

/** Any request may be answered with this instead. */
export interface Failure {
  readonly kind: 'failure';
  readonly code: string;
  readonly message: string;
  /** For ERR_IN_DOUBT; 0 otherwise. */
  readonly acknowledged: number;
  readonly needed: number;
}

// ------------------------------------------------------------------------------------------- the union

export type MembershipDatagram = Ping | PingAck | PingRequest | PingNack | Gossip;
export type MembershipRequest = RosterExchange | Leave;
export type MembershipReply = Roster | Done;
export type StorageRequest = Digest | Delta | PageRequest | Fetch;
export type StorageReply = Digest | Covered | Page | Fetched;
export type ClientRequest = ClientPut | ClientDelete | ClientGet | ClientList | ClientInspect;
export type ClientReply = ClientWritten | ClientValue | ClientEntries | ClientFacts;

export type DatagramMessage = MembershipDatagram;
export type RequestMessage = MembershipRequest | StorageRequest | ClientRequest;
export type ReplyMessage = MembershipReply | StorageReply | ClientReply | Failure;
export type Message = DatagramMessage | RequestMessage | ReplyMessage;
export type MessageKind = Message['kind'];
