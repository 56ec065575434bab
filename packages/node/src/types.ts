import type { Acks, MemberState, NodeId } from '@simpledht/wire';

/** How a write is made. */
export interface WriteOptions {
  /**
   * How many members must hold the write before the promise settles (durably, where their store is durable), this
   * node included: `'local'` (default) is 1, `'majority'` is more than half of the known members, `'all'` is every
   * known member, dead ones not yet forgotten included. It is not a consensus: concurrent writes still merge.
   */
  readonly acks?: Acks;
  /** How long to wait for `acks`, ms. Default 5,000. */
  readonly timeout?: number;
  /** Ends the wait, not the write. */
  readonly signal?: AbortSignal;
}

export interface PutOptions extends WriteOptions {
  /**
   * The value expires so many ms from now, on every node by its own clock. A put without it does not expire; in a
   * namespace that has a `ttl`, that one holds.
   */
  readonly ttl?: number;
}

export interface PutIfOptions extends PutOptions {
  /** The version that the key must have here, as `entry` or a write told it; `undefined` or `null`: the key must not be there. */
  readonly version: string | null | undefined;
}

export interface TouchOptions extends WriteOptions {
  /** The value expires so many ms from now; `undefined`: it does not expire any more. */
  readonly ttl: number | undefined;
}

export interface ClearOptions extends WriteOptions {
  /** Only keys that begin with it. */
  readonly prefix?: string;
}

export interface WriteResult {
  /** Names this write; equal on every node. */
  readonly version: string;
  /** Members known to hold it when the promise settled, this node included. */
  readonly acknowledged: number;
}

export interface BatchResult {
  /** Of each operation, in their order. */
  readonly versions: readonly string[];
  /** Members known to hold all of them when the promise settled, this node included. */
  readonly acknowledged: number;
}

export interface UpdateResult<T = unknown> {
  /** As stored; `undefined` when the key is not there afterwards. */
  readonly value: T | undefined;
  /** `undefined` when there was nothing to write: the key was not there and is not wanted. */
  readonly version: string | undefined;
  /** Members known to hold it when the promise settled, this node included; 0 when nothing was written. */
  readonly acknowledged: number;
}

export interface DeleteResult extends WriteResult {
  /** There was a value to delete. */
  readonly existed: boolean;
}

/** Bounds of a listing; all that are given hold. Keys are ordered by their UTF-8 bytes. */
export interface ListOptions {
  readonly prefix?: string;
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  /** At most this many. */
  readonly limit?: number;
}

/** A key's value with where it comes from. */
export interface Entry<T = unknown> {
  readonly key: string;
  readonly value: T;
  readonly version: string;
  readonly writer: NodeId;
  /** Ms since 1970, or `undefined` for a value that does not expire. */
  readonly expiresAt: number | undefined;
}

/** Another member of the cluster as this node sees it. */
export interface Peer {
  readonly id: NodeId;
  readonly address: string;
  readonly state: MemberState;
  /** Smoothed round-trip time of probes, ms; `undefined` before the first. */
  readonly rttMs: number | undefined;
  /** Its wall clock minus ours, ms; `undefined` before the first probe. */
  readonly clockOffsetMs: number | undefined;
  /** How long ago its last message came, ms; `undefined` when none came since this node started. */
  readonly lastSeenAgoMs: number | undefined;
  /** It holds everything that was written here and reported nothing missing. */
  readonly inSync: boolean;
}

export interface NodeInfo {
  readonly id: NodeId;
  readonly address: string;
  readonly localAddresses: readonly string[];
  /** What is advertised, else what a STUN server sees, else what members see; `undefined` until one has told. */
  readonly publicAddress: string | undefined;
  readonly ready: boolean;
  /** Live keys, those of namespaces included. */
  readonly size: number;
  /** Deleted keys that are still remembered. */
  readonly tombstones: number;
  /** Estimated bytes of keys and values. */
  readonly bytes: number;
  /** Known members, this node included. */
  readonly members: number;
  /** Members that are alive, this node included. */
  readonly alive: number;
  readonly uptimeMs: number;
  /** Version of the wire protocol. */
  readonly protocol: number;
  readonly secure: boolean;
}

/** A key's value was put, deleted or expired, here or elsewhere. */
export interface Change {
  /** '' for the node's own keys. */
  readonly namespace: string;
  readonly key: string;
  /** Decoded when read; `undefined` for a key that is gone. */
  readonly value: unknown;
  /** The key is gone: it was deleted, or it expired. */
  readonly deleted: boolean;
  readonly expired: boolean;
  readonly version: string;
  readonly writer: NodeId;
  /** Written through this node. */
  readonly local: boolean;
}

/** A key's time was over. */
export interface Expired {
  /** '' for the node's own keys. */
  readonly namespace: string;
  readonly key: string;
  /** Of the value that expired. */
  readonly version: string;
}

/** A member's clock is off. */
export interface ClockSkew {
  readonly id: NodeId;
  /** Its clock minus this one's, ms. */
  readonly offsetMs: number;
  /** It is off against most members, too, and is not synced with until that is mended. */
  readonly quarantined: boolean;
}

/** How full the map is. */
export interface Fullness {
  readonly keys: number;
  readonly bytes: number;
}

/** Somebody who says that it is of this cluster. */
export interface Discovered {
  /** As it says; not proven. */
  readonly id: string;
  readonly address: string;
}

/** Name of each event and what its listeners get. */
export interface NodeEvents {
  'peer-joined': [peer: Peer];
  /** It does not answer; if that lasts it is declared dead. */
  'peer-suspect': [peer: Peer];
  /** A suspected member answers again. */
  'peer-alive': [peer: Peer];
  'peer-left': [peer: Peer, reason: 'dead' | 'left' | 'replaced'];
  /** A new process with its id answers at its address: it was restarted with its data. */
  'peer-restarted': [peer: Peer];
  /** Its messages come from another address than before. */
  'peer-moved': [peer: Peer, from: string];
  /**
   * Its messages come from two addresses by turns: a copy of its data runs elsewhere, or its host has two ways out. At most
   * once a minute.
   */
  'peer-duplicated': [peer: Peer, other: string];
  /** Another process uses the id of this node: one of the two runs on a copy of the other's data. At most once a minute. */
  'identity-conflict': [address: string | undefined];
  /** A member that was dead or gone is no longer remembered: nothing waits for it, and it is not dialled any more. */
  'peer-forgotten': [id: NodeId];
  /** The first sync of an empty node goes on: records so far, and the share of all, 0 … 1. */
  progress: [records: number, share: number];
  /** The first sync has finished. */
  ready: [];
  /** This node and that peer hold the same. */
  synced: [id: NodeId];
  change: [change: Change];
  /** A key expired. Nodes notice by their own clocks, each for itself. */
  expired: [expired: Expired];
  'clock-skew': [skew: ClockSkew];
  /** Others wrote more than twice what `maxKeys` or `maxStoreBytes` allow here: nothing more is taken until there is room. */
  'store-full': [fullness: Fullness];
  /** There is room again after `store-full`. */
  'store-relieved': [];
  /** This node and that peer cover the same and hold something else: damage, or a lost write. A repair begins. */
  diverged: [id: NodeId];
  /** A repair is over: what that peer held and this node lacked is here. */
  repaired: [id: NodeId];
  /** This node's store had lost its latest writes, or is used twice: writes go on under a new origin, nothing to be done. */
  'origin-changed': [];
  /** A bootstrap address answered: this node is a member. */
  bootstrapped: [name: string];
  /** A bootstrap address did not answer; tried again. */
  'bootstrap-retry': [name: string, attempt: number, of: number, reason: string];
  /** The attempts of this call are over; tried again in the background. */
  'bootstrap-failed': [name: string, reason: string];
  /** `discovery` tells of a node, and it is dialled: who it is shows when it answers. */
  'peer-discovered': [found: Discovered];
  /** Whom `discovery` told of did not answer; it is dialled again when it is told again. */
  'discovery-failed': [address: string, reason: string];
  /** Others see this node under this address. */
  'address-observed': [address: string];
  /** `publicAddress` has become another: advertised, seen by a STUN server, or by members, whatever is strongest. */
  'public-address': [address: string];
  /** No STUN server has told an address, or the name that is advertised does not resolve; tried again. */
  'public-address-failed': [reason: string];
  /** Something failed in the background; the node goes on. Never kills the process, even without a listener. */
  error: [error: Error];
}
