import { bytesToHex, hexToBytes, isNodeId, limits, readUtf8, type MemberState, type NodeId } from '@simpledht/wire';

/*
 * The roster as it is kept in the store:
 *   version u8 · own id 16 bytes · own incarnation f64, then per member:
 *   id 16 bytes · flags u8 · incarnation f64 · since f64 · length of the address u16 · address, UTF-8
 * flags: state in the lower bits (0 alive or suspect, 1 dead, 2 left), 0x80 durable. Numbers are big-endian; times are ms
 * since 1970.
 */

const version = 1;
const idBytes = 16;
const headBytes = 25;
const memberBytes = 35;
const durableFlag = 0x80;
const states = ['alive', 'dead', 'left'] as const;

/** A member as it is kept. */
interface KeptMember {
  readonly id: NodeId;
  readonly address: string;
  readonly state: MemberState;
  readonly incarnation: number;
  readonly durable: boolean;
  /** Wall clock, ms since 1970. */
  readonly sinceMs: number;
}

export interface RosterCopy {
  /** Whose roster it is: the copy of a node's data belongs to another node, which was never a member. */
  readonly self: NodeId;
  readonly incarnation: number;
  readonly members: readonly KeptMember[];
}

export function encodeRoster({ self, incarnation, members }: RosterCopy): Uint8Array {
  const addresses = members.map(({ address }) => new TextEncoder().encode(address));
  const bytes = new Uint8Array(addresses.reduce((sum, { length }) => sum + memberBytes + length, headBytes));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  bytes.set(hexToBytes(self), 1);
  view.setFloat64(17, incarnation);
  let at = headBytes;
  for (const [index, member] of members.entries()) {
    const address = addresses[index] ?? new Uint8Array(0);
    bytes.set(hexToBytes(member.id), at);
    view.setUint8(at + 16, flagsOf(member));
    view.setFloat64(at + 17, member.incarnation);
    view.setFloat64(at + 25, member.sinceMs);
    view.setUint16(at + 33, address.length);
    bytes.set(address, at + memberBytes);
    at += memberBytes + address.length;
  }
  return bytes;
}

/** `undefined` for what is not such a copy: the node begins with nobody, as if it were new. */
export function decodeRoster(bytes: Uint8Array | undefined): RosterCopy | undefined {
  if (bytes === undefined || bytes.length < headBytes || bytes[0] !== version) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members: KeptMember[] = [];
  for (let at = headBytes; at < bytes.length;) {
    const member = at + memberBytes <= bytes.length ? memberAt(view, at) : undefined;
    if (member === undefined || members.length === limits.maxMembers) return undefined;
    members.push(member);
    at += memberBytes + view.getUint16(at + 33);
  }
  const self = idAt(view, 1);
  const incarnation = view.getFloat64(17);
  return self !== undefined && isIncarnation(incarnation) ? { self, incarnation, members } : undefined;
}

function flagsOf({ state, durable }: KeptMember): number {
  // A suspicion is of the moment: what counts later is that it was not held dead.
  const word = state === 'suspect' ? 'alive' : state;
  return states.indexOf(word) | (durable ? durableFlag : 0);
}

function memberAt(view: DataView, at: number): KeptMember | undefined {
  const id = idAt(view, at);
  const flags = view.getUint8(at + 16);
  const state = states[flags & ~durableFlag];
  const incarnation = view.getFloat64(at + 17);
  const sinceMs = view.getFloat64(at + 25);
  const length = view.getUint16(at + 33);
  const address = addressAt(view, at + memberBytes, length);
  if (id === undefined || state === undefined || address === undefined) return undefined;
  if (!isIncarnation(incarnation) || !Number.isFinite(sinceMs)) return undefined;
  return { id, address, state, incarnation, durable: (flags & durableFlag) !== 0, sinceMs };
}

/** As a peer could tell it; with a byte order mark that is part of it. */
function addressAt(view: DataView, at: number, length: number): string | undefined {
  if (length > limits.maxAddressBytes || at + length > view.byteLength) return undefined;
  return readUtf8(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at, at + length);
}

function isIncarnation(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function idAt(view: DataView, at: number): NodeId | undefined {
  const id = bytesToHex(new Uint8Array(view.buffer, view.byteOffset + at, idBytes));
  return isNodeId(id) ? id : undefined;
}
