import type { Frame, HandshakePacket } from '../../src/index.ts';
import { noParameters } from '../../src/index.ts';

/** Bytes are fixed: a change of any of them is a change of the protocol. */
export const frameVectors: readonly (readonly [string, string, Frame])[] = [
  ['ping', '01', { type: 'ping' }],
  ['close', '03 01', { type: 'close', code: 1 }],
  ['credit', '04 80400000', { type: 'credit', maxBytes: 4_194_304 }],
  ['datagram', '05 03 616263', { type: 'datagram', payload: Uint8Array.of(0x61, 0x62, 0x63) }],
  ['ack of one range', '02 4123 447d 00 03', { type: 'ack', delayMs: 9.192, ranges: [{ first: 0x120, last: 0x123 }] }],
  [
    'ack of three ranges',
    '02 14 00 02 02 00 04 01 07',
    {
      type: 'ack',
      delayMs: 0,
      ranges: [
        { first: 18, last: 20 },
        { first: 12, last: 16 },
        { first: 2, last: 9 },
      ],
    },
  ],
  [
    'request',
    '08 07 02 6869',
    {
      type: 'message',
      kind: 'request',
      requestId: 7,
      offset: 0,
      totalBytes: 2,
      payload: Uint8Array.of(0x68, 0x69),
    },
  ],
  [
    'empty reply',
    '09 7bbd 00',
    {
      type: 'message',
      kind: 'reply',
      requestId: 15_293,
      offset: 0,
      totalBytes: 0,
      payload: new Uint8Array(0),
    },
  ],
  [
    'fragment of a request',
    '0a 01 44b0 80100000 02 beef',
    {
      type: 'message',
      kind: 'request',
      requestId: 1,
      offset: 1200,
      totalBytes: 1_048_576,
      payload: Uint8Array.of(0xbe, 0xef),
    },
  ],
  [
    'fragment of a reply',
    '0b 01 00 44b1 01 00',
    { type: 'message', kind: 'reply', requestId: 1, offset: 0, totalBytes: 1201, payload: Uint8Array.of(0) },
  ],
];

const instance = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const empty = new Uint8Array(0);
const versions = { min: 1, max: 1, current: 1 };

export const handshakeVectors: readonly (readonly [string, string, HandshakePacket])[] = [
  [
    'hello',
    `c1 01 00000000 a1b2c3d4 00000007 01 01 01 0102030405060708 00 00
     04 01 80800000 02 80400000 03 81010000 04 44b0 ${'00'.repeat(94)} 0b054cff`,
    {
      type: 'hello',
      destinationId: 0,
      sourceId: 0xa1b2c3d4,
      clusterTag: 7,
      versions,
      instance,
      token: empty,
      keyExchange: empty,
      parameters: {
        receiveBufferBytes: 8_388_608,
        receiveWindowBytes: 4_194_304,
        maxMessageBytes: 16_842_752,
        maxDatagramBytes: 1200,
        reason: 0,
      },
    },
  ],
  [
    'retry',
    'c1 02 a1b2c3d4 00000000 00000007 01 01 01 0102030405060708 04 deadbeef 00 00 e1d9b85c',
    {
      type: 'retry',
      destinationId: 0xa1b2c3d4,
      sourceId: 0,
      clusterTag: 7,
      versions,
      instance,
      token: Uint8Array.of(0xde, 0xad, 0xbe, 0xef),
      keyExchange: empty,
      parameters: noParameters,
    },
  ],
  [
    'accept',
    'c1 03 a1b2c3d4 0badcafe 00000007 01 01 01 0102030405060708 00 02 c0de 01 04 6000 c6e5b6ee',
    {
      type: 'accept',
      destinationId: 0xa1b2c3d4,
      sourceId: 0x0badcafe,
      clusterTag: 7,
      versions,
      instance,
      token: empty,
      keyExchange: Uint8Array.of(0xc0, 0xde),
      parameters: { ...noParameters, maxDatagramBytes: 8192 },
    },
  ],
  [
    'reject',
    'c1 04 a1b2c3d4 00000000 00000007 02 03 03 0102030405060708 00 00 01 05 01 1adea2bb',
    {
      type: 'reject',
      destinationId: 0xa1b2c3d4,
      sourceId: 0,
      clusterTag: 7,
      versions: { min: 2, max: 3, current: 3 },
      instance,
      token: empty,
      keyExchange: empty,
      parameters: { ...noParameters, reason: 1 },
    },
  ],
  [
    'reset',
    'c1 05 0badcafe 00000000 00000000 01 01 01 0102030405060708 00 00 00 2152dbf4',
    {
      type: 'reset',
      destinationId: 0x0badcafe,
      sourceId: 0,
      clusterTag: 0,
      versions,
      instance,
      token: empty,
      keyExchange: empty,
      parameters: noParameters,
    },
  ],
];
