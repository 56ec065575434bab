/** What a replica may be tuned by. Every value is bounded work or memory; the defaults suit a few to 64 nodes. */
export interface ReplicaSettings {
  /** Largest sum of records in one delta, bytes, 4 MiB at the most; a first record may be larger. Default 128 KiB: a guess between overhead and latency. */
  readonly deltaBytes: number;
  /** Records sent to one peer and not yet answered, bytes; a peer may overshoot by one delta. Default 1 MiB. */
  readonly windowBytes: number;
  /** Records in one page of a join or repair, bytes. Default 256 KiB. */
  readonly pageBytes: number;
  /** Pages asked for at a time, up to 8: the server makes one while this replica merges another. Default 2. */
  readonly pagesAhead: number;
  /** Ms between digests with a random peer while things change. Default 2,000. */
  readonly digestIntervalMs: number;
  /** Up to this it doubles while vectors are equal, ms. Default 15,000. */
  readonly digestMaxIntervalMs: number;
  /** How long an answer may take, ms. Default 10,000: a full window on a slow line. */
  readonly requestTimeoutMs: number;
  /** How long the answer to a digest may take, ms; a peer that is silent for longer cannot be reached. Default 3,000. */
  readonly digestTimeoutMs: number;
  /** First pause after a peer failed to answer, ms; doubles. Default 500. */
  readonly retryMinMs: number;
  /** Longest such pause, ms. Default 15,000. */
  readonly retryMaxMs: number;
  /**
   * How long a replica that joins waits for a peer that is up and does not answer, or answers without bringing anything,
   * ms. After that, and at least three tries, it may become ready without what that peer holds. A peer that said that it
   * is ready is waited for as long as it is up. Default 30,000.
   */
  readonly joinPatienceMs: number;
  /** How long a replica that joins waits for a peer that went down to come up again, ms. Default 5,000. */
  readonly joinGraceMs: number;
  /** How far ahead of now a clock may be and still move this one, ms. Default 10,000. */
  readonly maxClockAheadMs: number;
  /** Least time between two repairs, ms. Default 30,000. */
  readonly repairIntervalMs: number;
  /** How long the rest of a cut delta is waited for before the maps of all peers are compared, ms. Default 30,000. */
  readonly unsettledPatienceMs: number;
  /** Pause between two countings of the whole map, ms, which find what the store lost. Default 60,000. */
  readonly recountIntervalMs: number;
  /** How long a member that is down still holds back the purge of tombstones, ms. Default 24 h. */
  readonly tombstoneGraceMs: number;
  /** The same for a member whose store does not outlive its process, ms. Default 10 min. */
  readonly volatileGraceMs: number;
  /**
   * How long a tombstone stays at the least, ms. Default 20,000: by so much the clock of a newcomer may be behind, two times
   * `maxSkewMs`, and what it writes before it has read anything must meet the tombstone that beats it.
   */
  readonly tombstoneQuietMs: number;
  /** Between two looks at what may be purged, ms. Default 1,000. */
  readonly purgeIntervalMs: number;
  /** Origins that nobody writes under any more, above which they are retired. Default 64: they cost 30 bytes in a digest. */
  readonly maxGoneOrigins: number;
  /** Between two looks at what may be retired, ms. Default 10,000. */
  readonly retireIntervalMs: number;
  /** Clock offset to a peer that is told, ms. Default 500. */
  readonly warnSkewMs: number;
  /** Clock offset to the median of the members beyond which a member is not synced with, ms. Default 10,000. */
  readonly maxSkewMs: number;
  /** Keys, tombstones included, beyond which local writes of new keys are refused. Default 1,000,000. */
  readonly maxKeys: number;
  /** Bytes of the store beyond which local puts are refused. Default 1 GiB. */
  readonly maxStoreBytes: number;
}

export const defaultSettings: ReplicaSettings = {
  deltaBytes: 131_072,
  windowBytes: 1_048_576,
  pageBytes: 262_144,
  pagesAhead: 2,
  digestIntervalMs: 2_000,
  digestMaxIntervalMs: 15_000,
  requestTimeoutMs: 10_000,
  digestTimeoutMs: 3_000,
  retryMinMs: 500,
  retryMaxMs: 15_000,
  joinPatienceMs: 30_000,
  joinGraceMs: 5_000,
  maxClockAheadMs: 10_000,
  repairIntervalMs: 30_000,
  unsettledPatienceMs: 30_000,
  recountIntervalMs: 60_000,
  tombstoneGraceMs: 86_400_000,
  volatileGraceMs: 600_000,
  tombstoneQuietMs: 20_000,
  purgeIntervalMs: 1_000,
  maxGoneOrigins: 64,
  retireIntervalMs: 10_000,
  warnSkewMs: 500,
  maxSkewMs: 10_000,
  maxKeys: 1_000_000,
  maxStoreBytes: 1_073_741_824,
};
