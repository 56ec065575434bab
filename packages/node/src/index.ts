export { createNode } from './create-node.ts';
export { diagnose } from './diagnosis/diagnose.ts';
export type { CallReport } from './diagnosis/call-report.ts';
export type { Diagnosis, DiagnosisOptions } from './diagnosis/diagnose.ts';
export type { DialBackOutcome } from './diagnosis/dial-back.ts';
export type { ProbeOutcome, ProbeReport } from './diagnosis/probes.ts';
export { DHTNode } from './dht-node.ts';
export { Client, connect } from './client.ts';
export type { ClientListOptions, ClientOptions, ClientWriteResult } from './client.ts';
export type { NodeOptions, Preset } from './options.ts';
export { Namespace } from './namespace.ts';
export type { BatchOperation } from './map/batching.ts';
export type { NamespaceOptions } from './map/rules.ts';
export type { SchemaResult, StandardSchemaV1 } from './map/schema.ts';
export type {
  BatchResult,
  Change,
  ClearOptions,
  ClockSkew,
  DeleteResult,
  Discovered,
  Entry,
  Expired,
  Fullness,
  ListOptions,
  NodeEvents,
  NodeInfo,
  Peer,
  PutIfOptions,
  PutOptions,
  TouchOptions,
  UpdateResult,
  WriteOptions,
  WriteResult,
} from './types.ts';
export type {
  WatchEntry,
  WatchEvent,
  WatchLagged,
  WatchOptions,
  WatchPut,
  WatchRemoval,
  WatchSynced,
} from './watch/events.ts';
export type { WaitOptions } from './waiting.ts';
export type { WatchIterator } from './watch/watch-iterator.ts';
export { InDoubtError, SchemaError, SimpleDHTError, VersionMismatchError } from '@simpledht/wire';
export type { Acks, ErrorCode, NodeId, SchemaIssue } from '@simpledht/wire';
export { memoryStore } from '@simpledht/storage';
export type { Store } from '@simpledht/storage';
export { clusterTagOf, newSecret, udpTransport } from '@simpledht/transport';
export type { Clock, Discovery, Logger, Random, Transport } from '@simpledht/transport';
