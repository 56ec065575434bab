import type { MemberUpdate, MembershipDatagram, MembershipReply, MembershipRequest } from '@simpledht/wire';

export type MembershipMessage = MembershipDatagram | MembershipReply | MembershipRequest;

/** An id: MessagePack's head of bytes, and 16 of them. */
const idBytes = 18;
const flagBytes = 1;

/** How long a message is when it is encoded, without encoding it: that takes most of the time of a large simulation. */
export function sizeOf(message: MembershipMessage): number {
  // The kind's byte, and the head of a short list of fields.
  return 2 + fieldsOf(message);
}

function fieldsOf(message: MembershipMessage): number {
  switch (message.kind) {
    case 'ping':
      return 2 * idBytes + numberBytes(message.nonce) + updatesBytes(message.updates);
    case 'ping-ack': {
      const { nonce, nowMs, observed, updates } = message;
      return idBytes + numberBytes(nonce) + numberBytes(nowMs) + textBytes(observed) + updatesBytes(updates);
    }
    case 'ping-request': {
      const { targetAddress, nonce, updates } = message;
      return 2 * idBytes + textBytes(targetAddress) + numberBytes(nonce) + updatesBytes(updates);
    }
    case 'ping-nack':
      return idBytes + numberBytes(message.nonce);
    case 'gossip':
      return idBytes + updatesBytes(message.updates);
    case 'roster-exchange': {
      const { incarnation, advertise, members, after } = message;
      return pageBytes({ incarnation, address: advertise, members, cursor: after });
    }
    case 'roster': {
      const { incarnation, observed, members, next } = message;
      return pageBytes({ incarnation, address: observed, members, cursor: next });
    }
    case 'leave':
      return idBytes + numberBytes(message.incarnation);
    case 'done':
      return 0;
  }
}

interface Page {
  readonly incarnation: number;
  readonly address: string;
  readonly members: readonly MemberUpdate[];
  readonly cursor: string;
}

function pageBytes({ incarnation, address, members, cursor }: Page): number {
  const cursorBytes = cursor === '' ? 1 : idBytes;
  return idBytes + numberBytes(incarnation) + textBytes(address) + updatesBytes(members) + cursorBytes + flagBytes;
}

function updatesBytes(updates: readonly MemberUpdate[]): number {
  let bytes = listBytes(updates.length);
  for (const { address, incarnation, accusers } of updates) {
    const accusersBytes = listBytes(accusers.length) + accusers.length * idBytes;
    // Its own head, the state as a number, and the flag.
    bytes += 1 + idBytes + textBytes(address) + 1 + numberBytes(incarnation) + flagBytes + accusersBytes;
  }
  return bytes;
}

function listBytes(length: number): number {
  return length < 16 ? 1 : 3;
}

/** Addresses of a simulation are ASCII. */
function textBytes({ length }: string): number {
  if (length < 32) return 1 + length;
  return length < 256 ? 2 + length : 3 + length;
}

function numberBytes(value: number): number {
  if (!Number.isInteger(value) || value > 0xff_ff_ff_ff) return 9;
  if (value < 0x80) return 1;
  return value < 0x1_00 ? 2 : value < 0x1_00_00 ? 3 : 5;
}
