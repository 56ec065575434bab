import { createHmac } from 'node:crypto';
import { crc32 } from '../../../src/crc32.ts';
import { fingerprintXor, magicCookie, stunAttribute } from '../../../src/stun/core/message.ts';

export type Part = readonly [type: number, value: Uint8Array];

export interface Parts {
  /** Type as it is on the wire: 0x0101 is a success of Binding, 0x0111 an error. */
  readonly type?: number;
  readonly id: Uint8Array;
  readonly attributes?: readonly Part[];
  /** Seals with MESSAGE-INTEGRITY (RFC 8489 §14.5). */
  readonly password?: string;
  readonly fingerprint?: boolean;
}

/** A message as a server writes it; values are padded with spaces, as in RFC 5769. */
export function message({ type = 0x0101, id, attributes = [], password, fingerprint = true }: Parts): Uint8Array {
  let made = header(type, id);
  for (const [kind, value] of attributes) made = withAttribute(made, kind, value);
  if (password !== undefined) {
    const sealed = lengthened(made, 24);
    made = withAttribute(made, stunAttribute.messageIntegrity, createHmac('sha1', password).update(sealed).digest());
  }
  if (!fingerprint) return made;
  const value = new DataView(new ArrayBuffer(4));
  value.setUint32(0, (crc32(lengthened(made, 8)) ^ fingerprintXor) >>> 0);
  return withAttribute(made, stunAttribute.fingerprint, new Uint8Array(value.buffer));
}

/** XOR-MAPPED-ADDRESS of IPv4. */
export function mapped(ip: string, port: number): Part {
  const bytes = [...ip.split('.').map(Number)].map((byte, index) => byte ^ ((magicCookie >>> (24 - 8 * index)) & 0xff));
  const xored = port ^ (magicCookie >>> 16);
  return [stunAttribute.xorMappedAddress, Uint8Array.of(0, 1, xored >>> 8, xored & 0xff, ...bytes)];
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function hex(value: string): Uint8Array {
  return Uint8Array.from(value.match(/[0-9a-f]{2}/g) ?? [], (pair) => parseInt(pair, 16));
}

function header(type: number, id: Uint8Array): Uint8Array {
  const made = new Uint8Array(20);
  const view = new DataView(made.buffer);
  view.setUint16(0, type);
  view.setUint32(4, magicCookie);
  made.set(id, 8);
  return made;
}

/** A copy whose length counts `more` bytes that are still to come. */
function lengthened(made: Uint8Array, more: number): Uint8Array {
  const copy = Uint8Array.from(made);
  new DataView(copy.buffer).setUint16(2, made.length - 20 + more);
  return copy;
}

function withAttribute(made: Uint8Array, type: number, value: Uint8Array): Uint8Array {
  const paddedBytes = Math.ceil(value.length / 4) * 4;
  const all = new Uint8Array(made.length + 4 + paddedBytes).fill(0x20);
  all.set(made);
  const view = new DataView(all.buffer);
  view.setUint16(made.length, type);
  view.setUint16(made.length + 2, value.length);
  view.setUint16(2, all.length - 20);
  all.set(value, made.length + 4);
  return all;
}
