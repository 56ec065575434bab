export { createNode, DHTNode } from './dht-node.ts';
export { Client, connect } from './client.ts';
export type { ClientListOptions, ClientOptions, ClientWriteResult } from './client.ts';
export type { NodeOptions } from './options.ts';
export type {
  Change,
  DeleteResult,
  Entry,
  ListOptions,
  NodeEvents,
  NodeInfo,
  Peer,
  WriteOptions,
  WriteResult,
} from './types.ts';
export type { WaitOptions } from './waiting.ts';
export { InDoubtError, SimpleDHTError } from '@simpledht/wire';
export type { Acks, ErrorCode, NodeId } from '@simpledht/wire';
export { memoryStore } from '@simpledht/storage';
export type { Store } from '@simpledht/storage';
export { udpTransport } from '@simpledht/transport';
export type { Clock, Logger, Random, Transport } from '@simpledht/transport';
