import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameType, piecesOf, type Frame, type OutgoingFrame } from '../src/core/frame.ts';
import { FrameReader } from '../src/core/frame-reader.ts';
import { decodeHello, encodeHello } from '../src/core/hello.ts';
import { helloOf } from './support/cores.ts';

const outgoing: fc.Arbitrary<OutgoingFrame> = fc.record({
  type: fc.constantFrom(...Object.values(frameType)),
  id: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  payload: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 4000, maxLength: 70_000 })),
});

function bytesOf(frames: readonly OutgoingFrame[]): Uint8Array {
  return new Uint8Array(Buffer.concat(piecesOf(frames)));
}

/** Frames as read from `bytes` in pieces of these sizes, again and again. */
function read(bytes: Uint8Array, sizes: readonly number[]): { frames: Frame[]; broken: boolean } {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    reader.read(bytes.subarray(at, at + size), ({ type, id, payload }) => {
      frames.push({ type, id, payload: payload.slice() });
      return true;
    });
    at += size;
  }
  return { frames, broken: reader.broken };
}

describe('frames', () => {
  it('come back as they were written, however the stream is cut', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 70_000 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(outgoing, { maxLength: 6 }), sizes, (frames, cuts) => {
        const fitting = frames.filter(({ payload }) => payload.length <= 65_536);
        const { frames: got, broken } = read(bytesOf(fitting), cuts);
        expect([got.length, broken]).toEqual([fitting.length, false]);
        got.forEach(({ type, id, payload }, index) => {
          expect([type, id]).toEqual([fitting[index]?.type, fitting[index]?.id]);
          expect(Buffer.compare(payload, fitting[index]?.payload ?? payload)).toBe(0);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('have these bytes', () => {
    const frame = { type: frameType.reply, id: 0x01020304, payload: Uint8Array.of(0xaa, 0xbb) };
    expect(Buffer.from(bytesOf([frame])).toString('hex')).toBe('0500000201020304aabb');
    const hello = helloOf({ clusterTag: 0x0a0b0c0d, instance: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), port: 5000 });
    expect(Buffer.from(encodeHello(hello)).toString('hex')).toBe('53444854010101000a0b0c0d01020304050607081388');
    expect(decodeHello(encodeHello(hello))).toEqual(hello);
  });

  it('that are longer than any are not waited for', () => {
    expect(read(Uint8Array.of(3, 1, 0, 1, 0, 0, 0, 0), [8])).toEqual({ frames: [], broken: true });
    expect(read(Uint8Array.of(3, 1, 0, 1, 0, 0, 0, 0, 9, 9), [3])).toEqual({ frames: [], broken: true });
  });

  it('end where the reader says so', () => {
    const ping = { type: frameType.ping, id: 0, payload: new Uint8Array(0) };
    let seen = 0;
    new FrameReader().read(bytesOf([ping, ping, ping]), () => ++seen < 2);
    expect(seen).toBe(2);
  });

  it('share one piece when they are short, and long payloads are not copied', () => {
    const long = new Uint8Array(5000);
    const short = (id: number): OutgoingFrame => ({ type: frameType.request, id, payload: new Uint8Array(10) });
    const pieces = piecesOf([short(1), short(2), { type: frameType.request, id: 3, payload: long }, short(4)]);
    expect(pieces.map(({ length }) => length)).toEqual([18 + 18 + 8, 5000, 18]);
    expect(pieces[1]).toBe(long);
  });

  it.each([
    ['too short', encodeHello(helloOf()).subarray(1)],
    ['too long', new Uint8Array(1025)],
    ['of another protocol', encodeHello(helloOf()).map((byte, at) => (at === 0 ? 0x47 : byte))],
    ['of no version', encodeHello(helloOf({ versions: { min: 2, max: 1, current: 1 } }))],
  ])('a hello that is %s is none', (_name, bytes) => {
    expect(decodeHello(bytes)).toBeUndefined();
  });
});
