import { describe, expect, it } from 'vitest';
import { seededRandom } from '../src/index.ts';
import { MessageParts } from '../src/link/message-parts.ts';
import { Reassembly } from '../src/link/reassembly.ts';
import { ReassemblyBudget } from '../src/link/reassembly-budget.ts';
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

  it('of 64 bytes end a link long before they hold what one message may have', () => {
    const reassembly = new Reassembly(new ReassemblyBudget(1_000_000_000), 16_000_000, 50_000);
    const results = Array.from({ length: 500 }, (_, index) =>
      reassembly.add({
        type: 'message',
        kind: 'request',
        requestId: index % 7,
        totalBytes: 16_000_000,
        offset: index * 128,
        payload: bytes(64),
      }),
    );
    // 224 bytes are counted for each, and 640 for each message.
    expect(results.indexOf('broken')).toBe(Math.floor((50_000 - 7 * 640) / 224));
  });
});
