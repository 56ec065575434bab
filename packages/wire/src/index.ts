export { isNodeId, isOrigin, originNode } from './ids.ts';
export type { Address, NodeId, Origin } from './ids.ts';
export { InDoubtError, SimpleDHTError } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export { limits, protocolVersion } from './limits.ts';
export type { Instant } from './instant.ts';
export type { Floor, StoredRecord, VectorEntry } from './record.ts';
export type * from './messages.ts';
