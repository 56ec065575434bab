import type { NodeId, Origin } from '../ids.ts';
import type { Floor, InvalidRecord, StoredRecord, VectorEntry } from '../record.ts';

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
  /** Set by decoding when records came that no node may apply: to be covered and counted. Not sent. */
  readonly invalid?: readonly InvalidRecord[];
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
  /** Set by decoding when records came that no node may apply: to be covered and counted. Not sent. */
  readonly invalid?: readonly InvalidRecord[];
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
  /** Set by decoding when records came that no node may apply: to be covered and counted. Not sent. */
  readonly invalid?: readonly InvalidRecord[];
}
