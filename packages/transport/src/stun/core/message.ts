/** Of all of `bytes`, as `crc32` of this package; handed in, because a core takes nothing from the platform. */
export type Checksum = (bytes: Uint8Array) => number;

/** An endpoint as bytes carry it. IPv6 is eight groups in hex, not shortened. */
export interface StunAddress {
  readonly family: 'ipv4' | 'ipv6';
  readonly ip: string;
  readonly port: number;
}

type StunClass = 'request' | 'indication' | 'success' | 'error';

/** A STUN message (RFC 8489 §5) as far as a Binding client has use for it. */
export interface StunMessage {
  readonly class: StunClass;
  readonly method: number;
  readonly transactionId: Uint8Array;
  /** XOR-MAPPED-ADDRESS: where the server saw the request come from. */
  readonly mapped: StunAddress | undefined;
  /** Code and phrase of an error response. */
  readonly error: { readonly code: number; readonly reason: string } | undefined;
  /** Attributes that have to be understood and are not (§15: types below 0x8000). */
  readonly unknown: readonly number[];
}

export const bindingMethod = 1;
const stunHeaderBytes = 20;
export const transactionIdBytes = 12;
/** §5: tells STUN of today from its ancestor (RFC 3489), and from most else. */
export const magicCookie = 0x2112_a442;
/** §14.7: what the checksum is combined with, so that it differs from that of another protocol in the same packet. */
export const fingerprintXor = 0x5354_554e;

/** Types of attributes, §18.3. Those below 0x8000 have to be understood. */
export const stunAttribute = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  fingerprint: 0x8028,
} as const;

const attributeHeaderBytes = 4;
const fingerprintBytes = attributeHeaderBytes + 4;
const leastOptionalType = 0x8000;
/** Understood, though a client without credentials makes nothing of most. */
const understood: ReadonlySet<number> = new Set(Object.values(stunAttribute));
const classes: readonly StunClass[] = ['request', 'indication', 'success', 'error'];

/**
 * True for what may be STUN: two zero bits, the cookie, and a length that fits (§5, §6.3). Every packet of ours has
 * `packetFlag.fixed` in its first byte, which is the second of those bits, so nothing is both.
 */
export function isStun(datagram: Uint8Array): boolean {
  if (datagram.length < stunHeaderBytes || ((datagram[0] ?? 0xff) & 0xc0) !== 0) return false;
  const view = viewOf(datagram);
  const bytes = view.getUint16(2);
  return view.getUint32(4) === magicCookie && bytes % 4 === 0 && bytes === datagram.length - stunHeaderBytes;
}

/** A Binding request with nothing but a fingerprint: the server needs no more, and learns no more. */
export function bindingRequest(transactionId: Uint8Array, checksum: Checksum): Uint8Array {
  const request = new Uint8Array(stunHeaderBytes + fingerprintBytes);
  const view = viewOf(request);
  view.setUint16(0, bindingMethod);
  view.setUint16(2, fingerprintBytes);
  view.setUint32(4, magicCookie);
  request.set(transactionId, 8);
  view.setUint16(stunHeaderBytes, stunAttribute.fingerprint);
  view.setUint16(stunHeaderBytes + 2, 4);
  view.setUint32(stunHeaderBytes + attributeHeaderBytes, fingerprintOf(request, checksum));
  return request;
}

/** `undefined` for what is no STUN, is cut short, or has a fingerprint that does not fit. Never throws. */
export function readStun(datagram: Uint8Array, checksum: Checksum): StunMessage | undefined {
  if (!isStun(datagram)) return undefined;
  const attributes = readAttributes(datagram);
  if (attributes === undefined || !isWhole(datagram, attributes, checksum)) return undefined;
  const type = viewOf(datagram).getUint16(0);
  const value = (wanted: number): Uint8Array | undefined => attributes.find((one) => one.type === wanted)?.value;
  return {
    class: classOf(type),
    // §5: the two bits of the class stand among those of the method.
    method: (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2),
    transactionId: datagram.slice(8, stunHeaderBytes),
    mapped: readXorAddress(value(stunAttribute.xorMappedAddress), datagram),
    error: readError(value(stunAttribute.errorCode)),
    unknown: attributes.map((one) => one.type).filter((one) => one < leastOptionalType && !understood.has(one)),
  };
}

interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
  readonly offset: number;
}

/** In order; after MESSAGE-INTEGRITY only what §14.5 lets stand there. `undefined` when one is cut short. */
function readAttributes(datagram: Uint8Array): readonly Attribute[] | undefined {
  const view = viewOf(datagram);
  const attributes: Attribute[] = [];
  let sealed = false;
  let offset = stunHeaderBytes;
  while (offset < datagram.length) {
    // The length is a multiple of 4, so a head is always there.
    const type = view.getUint16(offset);
    const bytes = view.getUint16(offset + 2);
    const start = offset + attributeHeaderBytes;
    if (start + bytes > datagram.length) return undefined;
    const afterSeal = type === stunAttribute.messageIntegritySha256 || type === stunAttribute.fingerprint;
    if (!sealed || afterSeal) attributes.push({ type, value: datagram.subarray(start, start + bytes), offset });
    sealed ||= type === stunAttribute.messageIntegrity || type === stunAttribute.messageIntegritySha256;
    // Values are padded to 4 bytes with anything (§14).
    offset = start + bytes + ((4 - (bytes % 4)) % 4);
  }
  return attributes;
}

/** Without a fingerprint there is nothing to check; one that is there is the last attribute, and fits. */
function isWhole(datagram: Uint8Array, attributes: readonly Attribute[], checksum: Checksum): boolean {
  const fingerprint = attributes.find(({ type }) => type === stunAttribute.fingerprint);
  if (fingerprint === undefined) return true;
  if (fingerprint.value.length !== 4 || fingerprint.offset + fingerprintBytes !== datagram.length) return false;
  return viewOf(fingerprint.value).getUint32(0) === fingerprintOf(datagram, checksum);
}

/** Of a message whose last attribute is the fingerprint, with the length already in its header (§14.7). */
function fingerprintOf(message: Uint8Array, checksum: Checksum): number {
  return (checksum(message.subarray(0, message.length - fingerprintBytes)) ^ fingerprintXor) >>> 0;
}

function classOf(type: number): StunClass {
  return classes[((type & 0x0010) >> 4) | ((type & 0x0100) >> 7)] ?? 'request';
}

/** §14.2: the port is combined with the head of the cookie, the address with the cookie and the transaction id. */
function readXorAddress(value: Uint8Array | undefined, datagram: Uint8Array): StunAddress | undefined {
  if (value === undefined || value.length < 8) return undefined;
  const family = value[1];
  const ipBytes = family === 1 ? 4 : 16;
  if ((family !== 1 && family !== 2) || value.length !== 4 + ipBytes) return undefined;
  const port = viewOf(value).getUint16(2) ^ (magicCookie >>> 16);
  const bytes = value.slice(4).map((byte, index) => byte ^ (datagram[4 + index] ?? 0));
  return family === 1
    ? { family: 'ipv4', ip: bytes.join('.'), port }
    : { family: 'ipv6', ip: groups(bytes).join(':'), port };
}

function groups(bytes: Uint8Array): readonly string[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / 2 }, (_, index) => view.getUint16(2 * index).toString(16));
}

/** §14.8: class and number of the code, then a phrase that is only shown, so ASCII is enough. */
function readError(value: Uint8Array | undefined): { readonly code: number; readonly reason: string } | undefined {
  if (value === undefined || value.length < 4) return undefined;
  const code = ((value[2] ?? 0) & 0x07) * 100 + (value[3] ?? 0);
  const phrase = [...value.subarray(4, 4 + maxPhraseBytes)].map((byte) => (isPrintable(byte) ? byte : question));
  return { code, reason: String.fromCharCode(...phrase) };
}

const maxPhraseBytes = 127;
const question = 0x3f;

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
