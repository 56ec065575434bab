import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame, PacketRange } from '../../src/index.ts';
import {
  ByteWriter,
  maxAckRanges,
  readFrames,
  readPacketHeader,
  writeAck,
  writePacketHeader,
} from '../../src/index.ts';
import { hex, unhex } from './checksum.ts';
import { frameVectors } from './vectors.ts';
import { writeFrame } from './write-frame.ts';

function written(frame: Frame): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(2000));
  writeFrame(writer, frame);
  return writer.bytes.slice(0, writer.offset);
}

function read(bytes: Uint8Array): Frame[] {
  return readFrames(bytes, 0, bytes.length);
}

describe('frames', () => {
  it.each(frameVectors)('%s is these bytes, both ways', (_name, bytes, frame) => {
    expect(hex(written(frame))).toBe(hex(unhex(bytes)));
    expect(read(unhex(bytes))).toEqual([frame]);
  });

  it('follow one another, with padding between', () => {
    const all = unhex(frameVectors.map(([, bytes]) => bytes).join('0000'));
    expect(read(all)).toEqual(frameVectors.map(([, , frame]) => frame));
  });

  it('are skipped by their length when unknown with the high bit set', () => {
    expect(read(unhex('01 93 03 ffffff 01'))).toEqual([
      { type: 'ping' },
      { type: 'skipped', frameType: 0x93 },
      { type: 'ping' },
    ]);
  });

  it.each([
    ['an unknown type without the high bit', '20'],
    ['a length past the end', '05 04 616263'],
    ['a skipped frame past the end', '93 7fff'],
    ['a fragment past the end of its message', '0a 01 05 06 02 beef'],
    ['an empty fragment', '0a 01 05 06 00'],
    ['a fragment whose offset wraps', '0a 01 c01fffffffffffff 06 02 beef'],
    ['an acknowledgement of 33 ranges', `02 40ff 00 20 00 ${'0000'.repeat(32)}`],
    ['a first range below zero', '02 05 00 00 06'],
    ['a further range below zero', '02 05 00 01 00 03 01'],
    ['a gap below zero', '02 05 00 01 05 00 00'],
    ['an integer above 2^53', '04 ffffffffffffffff'],
    ['a missing field', '08'],
  ])('refuses %s, and with it the whole packet', (_name, bytes) => {
    expect(() => read(unhex(`01 ${bytes}`))).toThrow(expect.objectContaining({ code: 'ERR_MALFORMED' }));
  });

  it('throws nothing but ERR_MALFORMED, and hands out nothing outside of the packet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: 10 }), (bytes, start) => {
        try {
          for (const frame of readFrames(bytes, start, bytes.length)) {
            if ('payload' in frame) expect(frame.payload.length).toBeLessThan(bytes.length);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_MALFORMED' });
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('round-trip any ranges that a receiver can have', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 5000 }), fc.nat({ max: 5000 })), {
      minLength: 1,
      maxLength: maxAckRanges,
    });
    fc.assert(
      fc.property(steps, (lengths) => {
        const ranges: PacketRange[] = [];
        let next = 0;
        for (const [gap, length] of lengths) {
          const first = next + gap;
          ranges.unshift({ first, last: first + length });
          next = first + length + 2;
        }
        expect(read(written({ type: 'ack', delayMs: 0, ranges }))).toEqual([{ type: 'ack', delayMs: 0, ranges }]);
      }),
    );
  });

  it('leave out the oldest ranges when there is no room', () => {
    const ranges = [100, 90, 80, 70].map((number) => ({ first: number, last: number }));
    const writer = new ByteWriter(new Uint8Array(27));
    writeAck(writer, ranges, 0);
    const [ack] = readFrames(writer.bytes, 0, writer.offset);
    expect(ack).toEqual({ type: 'ack', delayMs: 0, ranges: ranges.slice(0, 3) });
  });
});

describe('packet header', () => {
  it.each([
    ['41 a1b2c3d4 000000000000', { acknowledgeNow: false, connectionId: 0xa1b2c3d4, packetNumber: 0 }],
    ['49 00000001 ffffffffffff', { acknowledgeNow: true, connectionId: 1, packetNumber: 2 ** 48 - 1 }],
  ])('is %s', (bytes, header) => {
    const writer = new ByteWriter(new Uint8Array(11));
    writePacketHeader(writer, header);
    expect(hex(writer.bytes)).toBe(hex(unhex(bytes)));
    expect(readPacketHeader(unhex(bytes))).toEqual(header);
  });

  it('refuses a handshake packet and a short one', () => {
    expect(() => readPacketHeader(unhex('c1 a1b2c3d4 000000000000'))).toThrow('Malformed');
    expect(() => readPacketHeader(unhex('41 a1b2c3d4 0000'))).toThrow('ends early');
  });
});
