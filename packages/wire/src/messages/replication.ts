import type { NodeId, Origin } from '../ids.ts';
import type { Floor, InvalidRecord, StoredRecord, VectorEntry } from '../record.ts';

/** What a replica has, sent as a request and as its answer. */
export interface Digest {
  readonly kind: 'digest';
  readonly from: NodeId;
  /** The origin under which the sender writes now; '' before its first write. */
  readonly origin: Origin | '';
  /** The sender's first sync has finished, and it does not read a peer's map to catch up. */
  readonly ready: boolean;
  /** The sender's store outlives its process. */
  readonly durable: boolean;
  /**
   * As far as the sender knows, the receiver may have missed tombstones that were purged: it has to read the sender's
   * map. Exact in an answer.
   */
  readonly behind: boolean;
  /** Some of what the sender covers may have been overwritten by what has not come yet; see `DeltaRange.more`. */
  readonly unsettled: boolean;
  /** Sender's hybrid logical clock. */
  readonly hlc: number;
  readonly vector: readonly VectorEntry[];
  /** Of the receiver's origins those that the sender has retired, with the last number: it covers them up to there. */
  readonly retired: readonly VectorEntry[];
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
  /**
   * Numbers behind `to`, without a gap, under which that newer thing may be, when it is not in this delta: until the
   * receiver covers these as well it may hold neither. Absent when the range is whole.
   */
  readonly more?: number;
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
  /** Who answers: at the address there may be another node by now, whose word is not that of the one asked. */
  readonly from: NodeId;
  /** The receiver is still joining: it covers nothing yet and wants live writes only. */
  readonly joining: boolean;
  /** As in the digest. */
  readonly unsettled: boolean;
  readonly vector: readonly VectorEntry[];
}

/** "Give me your map in key order": how an empty node joins, one that was away too long catches up, and damage is mended. */
export interface PageRequest {
  readonly kind: 'page-request';
  /** Stored keys after this one; '' from the start. */
  readonly after: string;
  /** Wished size of the answer's records, bytes; the server may send less, never nothing while there is more. */
  readonly maxBytes: number;
  /** Pages of that size to leave out after `after`: the asker has asked for them already. */
  readonly skip: number;
  /** Only keys of these buckets: a bit per bucket, the lowest bit of the first byte first; empty for all. */
  readonly buckets: Uint8Array;
}

export interface Page {
  readonly kind: 'page';
  /** Server's vector and floors when it made this page. */
  readonly vector: readonly VectorEntry[];
  readonly floors: readonly Floor[];
  /** Origins that the server has retired, on the first page only. */
  readonly retired: readonly VectorEntry[];
  /** Records that the server holds in all, for progress. */
  readonly total: number;
  /** The page has everything of the keys after this one … */
  readonly after: string;
  /** … up to and including this one; when done, up to the end. */
  readonly reached: string;
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

/** "What are the sums of your buckets?" Between replicas that cover the same and do not hold the same. */
export interface BucketRequest {
  readonly kind: 'bucket-request';
}

export interface Buckets {
  readonly kind: 'buckets';
  /** A 64-bit sum per bucket, big-endian; empty while the answerer is still adding up. */
  readonly sums: Uint8Array;
}
