import type {
  ClientDelete,
  ClientEntries,
  ClientFacts,
  ClientForget,
  ClientGet,
  ClientInspect,
  ClientList,
  ClientPut,
  ClientValue,
  ClientWritten,
  Failure,
} from './clients.ts';
import type {
  Done,
  Gossip,
  Leave,
  Ping,
  PingAck,
  PingNack,
  PingRequest,
  Roster,
  RosterExchange,
} from './membership.ts';
import type {
  BucketRequest,
  Buckets,
  Covered,
  Delta,
  Digest,
  Fetch,
  Fetched,
  Page,
  PageRequest,
} from './replication.ts';

/*
 * Every message of every layer, one closed union. `datagram` messages travel best effort in one datagram;
 * the others are requests and their replies, reliable and of any size.
 */

export type MembershipDatagram = Ping | PingAck | PingRequest | PingNack | Gossip;
export type MembershipRequest = RosterExchange | Leave;
export type MembershipReply = Roster | Done;
export type StorageRequest = Digest | Delta | PageRequest | Fetch | BucketRequest;
export type StorageReply = Digest | Covered | Page | Fetched | Buckets;
export type ClientRequest = ClientPut | ClientDelete | ClientGet | ClientList | ClientInspect | ClientForget;
export type ClientReply = ClientWritten | ClientValue | ClientEntries | ClientFacts;

export type DatagramMessage = MembershipDatagram;
export type RequestMessage = MembershipRequest | StorageRequest | ClientRequest;
export type ReplyMessage = MembershipReply | StorageReply | ClientReply | Failure;
export type Message = DatagramMessage | RequestMessage | ReplyMessage;
export type MessageKind = Message['kind'];
