import type { NodeId, Origin, StorageReply, StorageRequest, StoredRecord, VectorEntry } from '@simpledht/wire';

/** What a shell tells a replica. Every request effect is followed by exactly one `answered` or `failed` of its exchange. */
export type ReplicaEvent =
  /** A member can be reached (again). Said before `attempts-over` for the members that bootstrap found. */
  | { readonly type: 'peer-up'; readonly peer: NodeId }
  | { readonly type: 'peer-down'; readonly peer: NodeId }
  /** The member left or was forgotten: it no longer counts for anything. */
  | { readonly type: 'peer-forgotten'; readonly peer: NodeId }
  /** Bootstrap's attempts begin. A replica without peers is no longer ready then; `attempts-over` follows. */
  | { readonly type: 'joining' }
  /** Bootstrap's attempts are over, whether one succeeded or not. */
  | { readonly type: 'attempts-over' }
  /** A request came in; answered at once by the effect `reply` of the same exchange. `peer` is undefined for a stranger. */
  | {
      readonly type: 'request';
      readonly peer: NodeId | undefined;
      readonly message: StorageRequest;
      readonly exchange: number;
    }
  | { readonly type: 'answered'; readonly exchange: number; readonly message: StorageReply }
  | { readonly type: 'failed'; readonly exchange: number }
  /** The peer's wall clock is so many ms ahead of this one's (negative: behind), as measured by probes, give or take `errorMs`. */
  | { readonly type: 'clock-offset'; readonly peer: NodeId; readonly offsetMs: number; readonly errorMs: number }
  /** Somebody else uses this node's id: a store was cloned. */
  | { readonly type: 'identity-conflict' }
  /** The time of `deadline()` has come. */
  | { readonly type: 'tick' };

export type ChangeCause = 'local' | 'remote' | 'expired';

/** What a replica asks of its shell. None may leave before the store has made durable what was applied before it. */
export type ReplicaEffect =
  | {
      readonly type: 'request';
      /** Encoded once for all targets. */
      readonly message: StorageRequest;
      readonly targets: readonly { readonly peer: NodeId; readonly exchange: number }[];
      readonly timeoutMs: number;
    }
  | { readonly type: 'reply'; readonly exchange: number; readonly message: StorageReply }
  /** As many members as `expect` asked for hold the write. */
  | { readonly type: 'acknowledged'; readonly token: number; readonly count: number }
  | {
      readonly type: 'change';
      readonly record: StoredRecord;
      readonly previous: StoredRecord | undefined;
      /** Written here, merged from a peer, or (the record is the tombstone that took its place) expired. */
      readonly cause: ChangeCause;
    }
  /** Every change made before `History.mark` gave that number was told; the vector covers these and no later one. */
  | { readonly type: 'mark'; readonly number: number; readonly vector: readonly VectorEntry[] }
  | { readonly type: 'notice'; readonly notice: ReplicaNotice };

export type ReplicaNotice =
  /** What the others held when they were joined is here. Once for each join of a replica that was alone. */
  | { readonly type: 'ready' }
  /** A join went on: records and bytes so far, and the share of the server's map, 0 … 1. */
  | { readonly type: 'progress'; readonly records: number; readonly bytes: number; readonly share: number }
  /** This replica and the peer hold the same. */
  | { readonly type: 'synced'; readonly peer: NodeId }
  /**
   * Same vector and other content, several times in a row: damage, or a write that overwrote others was lost with its
   * node. A repair begins: the peer's map is read and merged.
   */
  | { readonly type: 'divergence'; readonly peer: NodeId }
  /** A repair is over: what differed was read and merged. */
  | { readonly type: 'repaired'; readonly peer: NodeId }
  /** Counting anew gave other figures than expected: the store lost or changed records. Peers bring them back. */
  | { readonly type: 'damaged'; readonly expected: number; readonly found: number }
  /** The peer has seen deletes whose tombstones are gone: its whole map is read to catch up. */
  | { readonly type: 'catching-up'; readonly peer: NodeId }
  /** The peer's clock is off against this one's, or (`quarantined`) against most members': it is not synced with. */
  | { readonly type: 'clock-skew'; readonly peer: NodeId; readonly offsetMs: number; readonly quarantined: boolean }
  /** Twice as many keys or bytes as the limits allow are held: nothing more is taken from peers until there is room. */
  | { readonly type: 'sync-paused'; readonly keys: number; readonly bytes: number }
  | { readonly type: 'sync-resumed' }
  /** A peer held more of this node's origin than this node: its store lost a tail, or is used twice. Writes go on under a new origin. */
  | { readonly type: 'origin-changed'; readonly former: Origin }
  /** Records broke the protocol's limits; they count as seen and are not kept. */
  | { readonly type: 'invalid-records'; readonly peer: NodeId | undefined; readonly count: number }
  /** A version is further ahead of this node's clock than is believed: kept, but this clock does not follow. */
  | { readonly type: 'clock-ahead'; readonly writer: NodeId; readonly aheadMs: number };

/** Where the parts of a replica put their effects; emptied by the shell after every turn. */
export class Outbox {
  #effects: ReplicaEffect[] = [];

  push(effect: ReplicaEffect): void {
    this.#effects.push(effect);
  }

  notice(notice: ReplicaNotice): void {
    this.#effects.push({ type: 'notice', notice });
  }

  take(): readonly ReplicaEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}

/** Counted since the replica was made; for metrics and tests. */
export class ReplicaCounters {
  puts = 0;
  deletes = 0;
  /** Records from peers that won, and those that were seen before or lost. */
  merged = 0;
  ignored = 0;
  invalidRecords = 0;
  clocksAhead = 0;
  /** Ranges dropped because a bound of the vector was reached. */
  refusedRanges = 0;
  deltasSent = 0;
  deltasReceived = 0;
  recordsSent = 0;
  digestsSent = 0;
  digestsReceived = 0;
  pagesServed = 0;
  pagesPulled = 0;
  failures = 0;
  repairs = 0;
  catchUps = 0;
  /** Records whose time was over, tombstones purged, and records dropped because a peer's purged tombstones deleted them. */
  expired = 0;
  purged = 0;
  dropped = 0;
  recounts = 0;
  retiredOrigins = 0;
  originChanges = 0;
  /** Answers of another process than the one asked, at the same address. */
  strangersAnswered = 0;
}
