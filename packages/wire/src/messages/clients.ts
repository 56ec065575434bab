import type { NodeId } from '../ids.ts';

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
  /** `path`: how the node sees the asker, and whether it reaches it from a fresh socket. */
  readonly what: 'info' | 'peers' | 'ping' | 'path';
}

/** Declares a dead member gone for good. Answered with `client-facts`: whether such a member was known. */
export interface ClientForget {
  readonly kind: 'client-forget';
  readonly id: NodeId;
}

export interface ClientFacts {
  readonly kind: 'client-facts';
  /** Encoded MessagePack value: for `info` a map, for `peers` an array of maps, for `client-forget` a boolean. */
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
