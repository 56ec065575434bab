import { limits } from '../limits.ts';
import {
  anyInteger,
  boolean,
  list,
  milliseconds,
  nodeId,
  oneOf,
  orEmpty,
  structure,
  text,
  type Field,
} from './fields.ts';
import type {
  Done,
  Gossip,
  Leave,
  MemberUpdate,
  Ping,
  PingAck,
  PingNack,
  PingRequest,
  Roster,
  RosterExchange,
} from './membership.ts';
import { fieldsCodec, type MessageCodec } from './message-codec.ts';

const address = text(limits.maxAddressBytes);

const updates: Field<readonly MemberUpdate[]> = list(
  structure<MemberUpdate>({
    id: nodeId,
    address,
    state: oneOf('alive', 'suspect', 'dead', 'left'),
    incarnation: anyInteger,
    durable: boolean,
    accusers: list(nodeId, limits.maxAccusers),
  }),
  limits.maxMembersPerMessage,
);

export const ping: MessageCodec<Ping> = fieldsCodec(0x01, 'ping', {
  from: nodeId,
  target: nodeId,
  nonce: anyInteger,
  updates,
});

export const pingAck: MessageCodec<PingAck> = fieldsCodec(0x02, 'ping-ack', {
  from: nodeId,
  nonce: anyInteger,
  nowMs: milliseconds,
  observed: address,
  updates,
});

export const pingRequest: MessageCodec<PingRequest> = fieldsCodec(0x03, 'ping-request', {
  from: nodeId,
  target: nodeId,
  targetAddress: address,
  nonce: anyInteger,
  updates,
});

export const pingNack: MessageCodec<PingNack> = fieldsCodec(0x04, 'ping-nack', { from: nodeId, nonce: anyInteger });

export const gossip: MessageCodec<Gossip> = fieldsCodec(0x05, 'gossip', { from: nodeId, updates });

export const rosterExchange: MessageCodec<RosterExchange> = fieldsCodec(0x06, 'roster-exchange', {
  from: nodeId,
  incarnation: anyInteger,
  advertise: address,
  members: updates,
  after: orEmpty(nodeId),
  durable: boolean,
});

export const roster: MessageCodec<Roster> = fieldsCodec(0x07, 'roster', {
  from: nodeId,
  incarnation: anyInteger,
  observed: address,
  members: updates,
  next: orEmpty(nodeId),
  durable: boolean,
});

export const leave: MessageCodec<Leave> = fieldsCodec(0x08, 'leave', { from: nodeId, incarnation: anyInteger });

export const done: MessageCodec<Done> = fieldsCodec(0x09, 'done', {});
