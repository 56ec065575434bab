/**
 * Protocol constants: the same on every node of every version, because replicated data is judged by them alone.
 * What a user may lower is an option of the facade and is applied to local writes only.
 */
export const limits = {
  /** Largest user key, bytes of UTF-8. */
  maxKeyBytes: 1024,
  /** Largest namespace name, bytes of UTF-8. */
  maxNamespaceBytes: 127,
  /** Largest stored key: namespace, separator, user key (see storage, key encoding). Under LMDB's 1,978. */
  maxStoredKeyBytes: 1152,
  /** Largest encoded value that is accepted from a peer. */
  maxValueBytes: 16_777_216,
  /** Default for the `maxValueBytes` option of local writes. */
  defaultMaxValueBytes: 1_048_576,
  /** Largest message body: one value of the largest size and its record. */
  maxMessageBytes: 16_842_752,
  /** Deepest nesting of a MessagePack value, on encode and decode. */
  maxDepth: 64,
  /**
   * Values inside one value or control message, each key of a map counted as one. With `maxObjects` it bounds what a few
   * bytes can grow to: without them 1 MB of empty maps becomes 60 MB of heap.
   */
  maxElements: 1_048_576,
  /** Arrays, maps, byte strings and dates inside one value: 56 to 200 bytes of heap each for 1 or 2 on the wire. */
  maxObjects: 131_072,
  /** Largest absolute time, ms since 1970: the end of JavaScript's dates. */
  maxTimeMs: 8_640_000_000_000_000,
  /** Milliseconds since 1970 of 2020-01-01T00:00:00Z, the zero of hybrid logical clocks. */
  clockEpochMs: 1_577_836_800_000,
  /** Counter values per millisecond of a hybrid logical clock. */
  clockCounters: 4096,
  /** Largest hybrid logical clock: 2089. Within the safe integers. */
  maxClock: 9_007_199_254_740_991,
  /** Largest sequence number of an origin. */
  maxSequence: 281_474_976_710_655,
  /** Origins in one version vector; each is a node's life. */
  maxOrigins: 4096,
  /** Retired origins that a replica remembers, so that nothing of theirs is taken for new; the oldest are forgotten first. */
  maxRetiredOrigins: 65_536,
  /** Parts by hash of the key into which two replicas divide their maps to find where they differ. */
  buckets: 4096,
  /** Pages that may be asked for ahead of the one that comes next. */
  maxSkippedPages: 8,
  /** Out-of-order intervals kept per origin; what comes beyond is dropped unapplied and sent again. */
  maxIntervals: 64,
  /** Records in one message. A batch is also bounded by `maxMessageBytes`. */
  maxRecordsPerMessage: 65_536,
  /** Members in a roster. */
  maxMembers: 4096,
  /** Members in one roster page or gossip message. */
  maxMembersPerMessage: 64,
  /** Members that are named as accusers of one suspect: more confirmations than any preset waits for. */
  maxAccusers: 8,
  /** Longest textual address, bytes of UTF-8. */
  maxAddressBytes: 300,
  /** Items in one list page answered to a client. */
  maxListPage: 1024,
  /** A version as clients see it, bytes. */
  maxVersionBytes: 128,
  /** Code of a failure, bytes. */
  maxFailureCodeBytes: 64,
  /** Text of a failure, UTF-16 units; longer texts are cut when sent. */
  maxFailureTextUnits: 512,
} as const;

/** Stands in a stored key between namespace and user key. No namespace holds one, so the first splits; a user key may. */
export const keySeparator = '\u0000';

/** Version of the protocol: what this code speaks. */
export const protocolVersion = { min: 1, max: 1, current: 1 } as const;
