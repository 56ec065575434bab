/*
 * A second reader of our packets, written from docs/protocol and PACKETS.md alone. It shares no code with the packages:
 * what the two understand differently is a mistake in the code or in the pages.
 */

/** A piece of a packet, in order and without a gap. */
export interface Field {
  readonly name: string;
  readonly hex: string;
  readonly value: number | string;
}

const handshakes = ['', 'hello', 'retry', 'accept', 'reject', 'reset'];
/** By type: the name, then varints; a payload has its length before it. */
const frames = new Map<number, readonly string[]>([
  [0x01, ['ping']],
  [0x02, ['ack', 'largest packet number', 'delay, 8 µs']],
  [0x03, ['close', 'code']],
  [0x04, ['credit', 'bytes']],
  [0x05, ['datagram', 'payload']],
  [0x08, ['request', 'request id', 'payload']],
  [0x09, ['reply', 'request id', 'payload']],
  [0x0a, ['fragment of request', 'request id', 'offset', 'length of the message', 'payload']],
  [0x0b, ['fragment of reply', 'request id', 'offset', 'length of the message', 'payload']],
]);

export function decodePacket(packet: Buffer): readonly Field[] {
  const fields: Field[] = [];
  const flags = packet.readUInt8(0);
  const tagBytes = flags & 0x20 ? 16 : 4;
  const end = packet.length - tagBytes;
  let at = 0;
  const bytes = (name: string, length: number, value?: number | string): void => {
    if (at + length > packet.length) throw new Error(`${name} runs past the end`);
    const hex = packet.subarray(at, at + length).toString('hex');
    if (length > 0) fields.push({ name, hex, value: value ?? hex });
    at += length;
  };
  const integer = (name: string, length: number): number => {
    const value = packet.readUIntBE(at, length);
    bytes(name, length, value);
    return value;
  };
  const varint = (name: string): number => {
    const length = 1 << (packet.readUInt8(at) >> 6);
    let value = packet.readUInt8(at) & 0x3f;
    for (let index = 1; index < length; index++) value = value * 256 + packet.readUInt8(at + index);
    bytes(name, length, value);
    return value;
  };
  const handshake = (): void => {
    bytes('type', 1, handshakes[packet.readUInt8(at)] ?? 'unknown');
    for (const whose of ['receiver', 'sender']) bytes(`connection id of the ${whose}`, 4);
    bytes('cluster tag', 4);
    for (const which of ['least', 'most', 'preferred']) integer(`${which} version`, 1);
    bytes('instance', 8);
    for (const what of ['token', 'key exchange']) bytes(what, integer(`length of ${what}`, 1));
    for (let left = 2 * integer('number of parameters', 1); left > 0; left--) varint(left % 2 ? 'value' : 'parameter');
    bytes('padding', end - at);
  };
  const frame = (): void => {
    const type = packet.readUInt8(at);
    const zeros = packet.subarray(at, end).findIndex((byte) => byte !== 0);
    if (type === 0) {
      bytes('padding', zeros < 0 ? end - at : zeros);
      return;
    }
    const [name, ...rest] = frames.get(type) ?? (type >= 0x80 ? ['of a later version', 'payload'] : []);
    if (name === undefined) throw new Error(`frame ${String(type)} is unknown`);
    bytes('frame', 1, name);
    for (const field of rest) {
      if (field === 'payload') bytes(field, varint('length'));
      else varint(field);
    }
    if (name !== 'ack') return;
    for (let left = 2 * integer('further ranges', 1) + 1; left > 0; left--)
      varint(left % 2 ? 'packets − 1' : 'gap − 2');
  };

  if ((flags & 0x47) !== 0x41) throw new Error('not a packet of version 1');
  bytes('first byte', 1);
  if (flags & 0x80) handshake();
  else {
    bytes('connection id', 4);
    integer('packet number', 6);
    if (flags & 0x20) bytes('sealed frames', end - at);
    while (at < end) frame();
  }
  if (at !== end) throw new Error('frames run into the tag');
  bytes('tag', tagBytes, flags & 0x20 ? 'sealed' : checksumText(packet));
  return fields;
}

/** CRC-32 of ISO 3309, bit by bit. */
function checksumText(packet: Buffer): string {
  let sum = 0xffff_ffff;
  for (const byte of packet.subarray(0, packet.length - 4)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb8_8320 ^ (sum >>> 1) : sum >>> 1;
  }
  return ~sum >>> 0 === packet.readUInt32BE(packet.length - 4) ? 'fits' : 'does not fit';
}
