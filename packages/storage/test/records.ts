import type { NodeId, Origin, StoredRecord } from '@simpledht/wire';
import fc from 'fast-check';
import { nodeId } from './simulated-cluster.ts';

export function originOf(index: number, epoch = 0): Origin {
  return (nodeId(index) + epoch.toString(16).padStart(16, '0')) as Origin;
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** A record of a foreign node's history. */
export function record(key: string, seq: number, more: Partial<StoredRecord> = {}): StoredRecord {
  const writer: NodeId = nodeId(8);
  return {
    key,
    value: bytes(`v${String(seq)}`),
    hlc: 1_000 + seq,
    writer,
    expiresAt: 0,
    origin: originOf(8),
    seq,
    ...more,
  };
}

/** Records whose parts often tie, each with a dot of its own. */
export const anyRecord: fc.Arbitrary<StoredRecord> = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  value: fc.option(fc.uint8Array({ maxLength: 2, max: 2 }), { nil: null }),
  hlc: fc.integer({ min: 1, max: 3 }),
  writer: fc.constantFrom(nodeId(0), nodeId(1)),
  expiresAt: fc.constantFrom(0, 5),
  origin: fc.constantFrom(originOf(0), originOf(1)),
  seq: fc.integer({ min: 1, max: 50 }),
});
