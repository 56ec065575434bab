/** One write as it goes to a member: the parent says what is written, and knows so what may be there. */
export interface Operation {
  readonly key: string;
  /** Writes of a key are counted from 1; the count is the value. */
  readonly number: number;
  readonly kind: 'put' | 'delete' | 'ttl';
  readonly ttlMs: number;
  /** Members that have to hold it. */
  readonly acks: 'local' | 'majority';
}

/** What a member holds: key, number, and when it expires (0 for never). */
export type Held = readonly [key: string, number: number, expiresAtMs: number];

/** Writes that were answered for, by key and number; and how many were refused or not answered in time. */
export interface Settled {
  readonly acknowledged: readonly (readonly [key: string, number: number, isSafe: boolean])[];
  readonly failed: number;
}

/** What a member has taken of its process. */
export interface Sample {
  /** Heap and what hangs on it, after a collection. */
  readonly heapBytes: number;
  /** Timers, sockets and the like, as Node.js counts them. */
  readonly resources: number;
  readonly tombstones: number;
  readonly size: number;
  readonly alive: number;
}

/** Ways to break a member on purpose: the checks have to notice. */
export const breaks = ['lost-writes', 'timers', 'memory', 'files'] as const;
export type Break = (typeof breaks)[number];

export interface MemberOptions {
  readonly host: string;
  readonly port: number;
  readonly advertise: string | undefined;
  readonly bootstrap: readonly string[];
  readonly path: string;
  readonly breaks: Break | undefined;
}
