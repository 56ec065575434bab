import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeHandshake,
  encodeHandshake,
  handshakeContext,
  minHelloBytes,
  noParameters,
  packetKind,
} from '../../src/index.ts';
import { checksum, hex, unhex } from './checksum.ts';
import { handshakeVectors } from './vectors.ts';

describe('handshake packets', () => {
  it.each(handshakeVectors)('%s is these bytes, both ways', (_name, bytes, packet) => {
    expect(hex(encodeHandshake(packet, checksum))).toBe(hex(unhex(bytes)));
    expect(decodeHandshake(unhex(bytes), checksum)).toEqual({ ...packet, context: handshakeContext(packet) });
  });

  it('pads a hello so that no answer is longer', () => {
    for (const [, , packet] of handshakeVectors) {
      // What Noise NNpsk0 takes; only a hello has a token and a key exchange both.
      const keyExchange = new Uint8Array(packet.type === 'accept' ? 65 : 53);
      const token = new Uint8Array(packet.type === 'accept' ? 0 : 16);
      expect(
        encodeHandshake({ ...packet, token, keyExchange, parameters: filled() }, checksum).length,
      ).toBeLessThanOrEqual(minHelloBytes);
    }
    const [, , hello] = handshakeVectors[0] ?? expect.fail();
    expect(encodeHandshake({ ...hello, parameters: noParameters }, checksum)).toHaveLength(minHelloBytes);
  });

  it('skips parameters of a later version', () => {
    const bytes = unhex('c1 05 0badcafe 00000000 00000000 010101 0102030405060708 00 00 02 3f 7bbd 04 44b0 00000000');
    checksum.seal(bytes, 0, 0);
    expect(decodeHandshake(bytes, checksum).parameters).toEqual({ ...noParameters, maxDatagramBytes: 1200 });
  });

  it.each([
    ['an unknown type', 'c1 09 0badcafe 00000000 00000000 010101 0102030405060708 00 00 00 00000000'],
    ['a token of 65 bytes', `c1 01 ${'00'.repeat(12)} 010101 ${'00'.repeat(8)} 41 ${'00'.repeat(65)} 00 00 00000000`],
    [
      'a key exchange of 129 bytes',
      `c1 01 ${'00'.repeat(12)} 010101 ${'00'.repeat(8)} 00 81 ${'00'.repeat(130)} 00000000`,
    ],
    ['33 parameters', `c1 01 ${'00'.repeat(12)} 010101 ${'00'.repeat(8)} 00 00 21 ${'0101'.repeat(33)} 00000000`],
    ['an end in its parameters', `c1 01 ${'00'.repeat(12)} 010101 ${'00'.repeat(8)} 00 00 02 01 44b0 00000000`],
  ])('refuses %s', (_name, text) => {
    const bytes = unhex(text);
    checksum.seal(bytes, 0, 0);
    expect(() => decodeHandshake(bytes, checksum)).toThrow(expect.objectContaining({ code: 'ERR_MALFORMED' }));
  });

  it('refuses a packet with any bit flipped', () => {
    const [, , hello] = handshakeVectors[0] ?? expect.fail();
    const good = encodeHandshake(hello, checksum);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeHandshake(bad, checksum)).toThrow(expect.objectContaining({ code: 'ERR_MALFORMED' }));
    }
  });

  it('throws nothing but ERR_MALFORMED, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        bytes[0] = 0xc1;
        if (bytes.length > 8) checksum.seal(bytes, 0, 0);
        expect(isMalformedOrFine(() => decodeHandshake(bytes, checksum))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is told from other datagrams by its first byte', () => {
    expect(packetKind(Uint8Array.of(0xc1))).toBe('handshake');
    expect(packetKind(Uint8Array.of(0x41))).toBe('established');
    expect(packetKind(Uint8Array.of(0x79))).toBe('established');
    for (const foreign of [0x00, 0x01, 0x40, 0x42, 0x81, 0xc2]) {
      expect(packetKind(Uint8Array.of(foreign))).toBeUndefined();
    }
    expect(packetKind(new Uint8Array(0))).toBeUndefined();
  });
});

function filled(): typeof noParameters {
  const largest = Number.MAX_SAFE_INTEGER;
  return {
    receiveBufferBytes: largest,
    receiveWindowBytes: largest,
    maxMessageBytes: largest,
    maxDatagramBytes: largest,
    reason: 0,
  };
}

function isMalformedOrFine(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_MALFORMED';
  }
}
