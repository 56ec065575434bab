import type { NodeId, Origin } from './ids.ts';

/**
 * One key's state on one replica. Records are immutable once made and are shared freely.
 *
 * Order between two records of one key: larger `hlc`, then larger `writer`, then larger `value` bytes
 * (a tombstone is smaller than any value). The dot `(origin, seq)` and its place in the order are independent,
 * so that a record can be given a new dot without becoming a new write.
 */
export interface StoredRecord {
  /** Stored key, well-formed: namespace, `keySeparator`, user key of 1 byte or more; see `limits` for the lengths in UTF-8. */
  readonly key: string;
  /** The value as encoded where it was written, opaque from there on; `null` is a tombstone. */
  readonly value: Uint8Array | null;
  /** Hybrid logical clock of the write: (ms since 2020-01-01) · 4096 + counter. */
  readonly hlc: number;
  /** Node that made the write. */
  readonly writer: NodeId;
  /** Absolute expiry in ms since 1970, or 0 for none. */
  readonly expiresAt: number;
  /** With `seq`, the dot: names this write once and for ever. */
  readonly origin: Origin;
  /** 1, 2, 3 … per origin. */
  readonly seq: number;
}

/** What a replica holds of one origin: everything up to `watermark`, and the closed intervals beyond it. */
export interface VectorEntry {
  readonly origin: Origin;
  readonly watermark: number;
  /** Ascending, disjoint, not adjacent, all above `watermark + 1`; [first, last]. */
  readonly intervals: readonly (readonly [number, number])[];
}

/** The highest purged tombstone of an origin (see PROTOCOL, deletes). */
export interface Floor {
  readonly origin: Origin;
  readonly seq: number;
  readonly hlc: number;
}

/**
 * A record that came in a message and is out of the protocol's range: covered and counted by everyone, applied by no one.
 * `seq` is 0 or above `limits.maxSequence` when the reason is 'sequence'.
 */
export interface InvalidRecord {
  readonly origin: Origin;
  readonly seq: number;
  readonly reason: 'key' | 'value' | 'clock' | 'expiry' | 'sequence';
}

/** What a record batch decodes to: everything that was in it, told apart by the protocol's constants. */
export interface RecordBatch {
  /** In the order of the batch. Values are views of the bytes given (see `decodeRecords`). */
  readonly records: readonly StoredRecord[];
  /** Well laid out but out of range, the same on every node: to be covered, counted and never applied. */
  readonly invalid: readonly InvalidRecord[];
}
