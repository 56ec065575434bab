import { describe, expect, it } from 'vitest';
import { seededRandom } from '../src/index.ts';
import { MessageParts } from '../src/link/message-parts.ts';
import { bytes } from './support/pair.ts';

describe('the parts of a message', () => {
  it('of any length, in any order and repeated, make it again', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed);
      const message = bytes(20_000, seed);
      const cut: { readonly offset: number; readonly payload: Uint8Array; readonly order: number }[] = [];
      for (let offset = 0; offset < message.length;) {
        const payload = message.subarray(offset, offset + 1 + Math.floor(random.next() ** 3 * 1200));
        // As a datagram carries it: the part is a view of something longer.
        const datagram = new Uint8Array(payload.length + 20);
        datagram.set(payload, 10);
        cut.push({ offset, payload: datagram.subarray(10, 10 + payload.length), order: random.next() });
        offset += payload.length;
      }
      const parts = new MessageParts();
      for (const { offset, payload } of cut.sort((a, b) => a.order - b.order)) {
        expect(parts.add(offset, payload)).toBe(true);
        // The sender's bytes are its own again, unless they were kept as they are.
        if (payload.length < 512) payload.fill(0);
      }
      for (const { offset, payload } of cut) expect(parts.add(offset, payload)).toBe(false);
      expect(Buffer.compare(parts.join(message.length) ?? new Uint8Array(0), message)).toBe(0);
    }
  });

  it('that overlap make nothing', () => {
    const parts = new MessageParts();
    parts.add(0, bytes(60));
    parts.add(50, bytes(40));
    expect(parts.join(100)).toBeUndefined();
  });
});
