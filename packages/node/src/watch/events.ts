import type { NodeId } from '@simpledht/wire';

/** A key that was there when the watch began, in key order. */
export interface WatchEntry<T> {
  readonly type: 'entry';
  readonly key: string;
  readonly value: T;
  readonly version: string;
  readonly writer: NodeId;
  /** Ms since 1970, or `undefined` for a value that does not expire. */
  readonly expiresAt: number | undefined;
}

export interface WatchPut<T> {
  readonly type: 'put';
  readonly key: string;
  readonly value: T;
  readonly version: string;
  readonly writer: NodeId;
  readonly expiresAt: number | undefined;
  /** Where the watch stands after this event, for `from`; the last event of each turn has one. */
  readonly token: string | undefined;
}

export interface WatchRemoval<Type extends 'delete' | 'expired' = 'delete' | 'expired'> {
  readonly type: Type;
  readonly key: string;
  readonly value: undefined;
  readonly version: string;
  readonly writer: NodeId;
  readonly token: string | undefined;
}

/** Everything that there was has been given; from here on every change comes, in the order in which it was made here. */
export interface WatchSynced {
  readonly type: 'synced';
  /** Where the watch stands, for `from`. */
  readonly token: string;
}

/**
 * The reader was too slow, or away for too long, to be given every change. With `restart` everything comes anew, as
 * entries: what the reader holds beyond these is gone. Without, the latest state of whatever changed comes, as changes.
 * Either way `synced` follows.
 */
export interface WatchLagged {
  readonly type: 'lagged';
  readonly restart: boolean;
}

export type WatchEvent<T = unknown> =
  WatchEntry<T> | WatchPut<T> | WatchRemoval<'delete'> | WatchRemoval<'expired'> | WatchSynced | WatchLagged;

export interface WatchOptions {
  /** Only keys that begin with it. */
  readonly prefix?: string;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Begin with what is there; `false` begins with what changes from now on. Default true. */
  readonly initial?: boolean;
  /** Token of an earlier watch, of this node or any other: begin with what has changed since then. */
  readonly from?: string;
}
