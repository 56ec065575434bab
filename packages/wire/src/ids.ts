declare const brand: unique symbol;

/** 16 bytes as 32 lower-case hex digits: the first half of SHA-256 of the node's own key. Compares like its bytes. */
export type NodeId = string & { readonly [brand]: 'NodeId' };

/**
 * Where a run of sequence numbers comes from: node id (16 bytes) + random epoch (8 bytes), as 48 lower-case hex digits.
 * A node takes a new origin whenever its store is empty, restored, cloned or damaged, so no sequence number is used twice.
 */
export type Origin = string & { readonly [brand]: 'Origin' };

/** How a transport names an endpoint; opaque to everyone above it (`host:port`, `[v6]:port` for UDP). */
export type Address = string;

const nodeIdPattern = /^[0-9a-f]{32}$/;
const originPattern = /^[0-9a-f]{48}$/;

export function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'string' && nodeIdPattern.test(value);
}

export function isOrigin(value: unknown): value is Origin {
  return typeof value === 'string' && originPattern.test(value);
}

/** The node that owns an origin. */
export function originNode(origin: Origin): NodeId {
  return origin.slice(0, 32) as NodeId;
}
