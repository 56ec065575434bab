import { describe, expect, it } from 'vitest';
import { bytes, settled, world } from './support/pair.ts';

const mebibyte = 1_048_576;

describe('a lossy network', () => {
  it.each([1, 2, 3, 4, 5])(
    'carries 1 MiB both ways through 20 percent loss, duplication and reordering (seed %i)',
    async (seed) => {
      const { clock, peer } = world(seed, { delayMs: [1, 10] });
      const a = await peer('10.0.0.1:1');
      const b = await peer('10.0.0.2:1');
      for (const { socket } of [a, b]) socket.setFaults({ lose: 0.2, duplicate: 0.2, reorder: 0.2 });
      const sent = bytes(mebibyte, seed);
      const reply = await settled(clock, a.transport.request(b.address, sent, { timeoutMs: 600_000 }), 600_000);
      expect(Buffer.compare(reply, sent)).toBe(0);
      expect(b.requests).toHaveLength(1);
    },
  );

  it.each([11, 12, 13])('executes each of 200 requests once and answers each (seed %i)', async (seed) => {
    const { clock, peer } = world(seed);
    const a = await peer('10.0.0.1:1');
    const b = await peer('10.0.0.2:1');
    for (const { socket } of [a, b]) socket.setFaults({ lose: 0.3, duplicate: 0.3, reorder: 0.3, corrupt: 0.02 });
    const payloads = Array.from({ length: 200 }, (_, index) => bytes(1 + index * 13, index));
    const all = Promise.all(payloads.map((payload) => a.transport.request(b.address, payload, { timeoutMs: 120_000 })));
    const replies = await settled(clock, all, 120_000);
    expect(replies).toEqual(payloads);
    expect(b.requests).toHaveLength(200);
  });
});
