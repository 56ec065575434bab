import { createNode, memoryStore } from '@simpledht/node';
import { decodeValue, encodeValue } from '@simpledht/wire';
import { serve } from '@simpledht/processes';
import { held, type Held } from '../heap.ts';
import { flatKeyOf, valueOf } from '../samples.ts';
import { diskStore } from '../store.ts';

/* A process that holds entries, and tells what they cost. */

export interface Cost {
  /** Per entry. */
  readonly bytes: number;
  readonly resident: number;
}

/** What was filled lives as long as the process. */
let kept: unknown;

async function costOf(count: number, fill: () => unknown): Promise<Cost> {
  const before = await held();
  kept = await fill();
  const after = await held();
  const each = (part: keyof Held): number => (after[part] - before[part]) / count;
  return { bytes: each('bytes'), resident: each('resident') };
}

serve({
  /** A bare Map with a key and a byte string of its own per entry. */
  bare: (count: number, bytes: number) =>
    costOf(count, () => {
      const map = new Map<string, Uint8Array>();
      for (let i = 0; i < count; i++) map.set(flatKeyOf('k', i), valueOf(bytes));
      return map;
    }),
  /** A node's own map, with a store on disk when `data` is given. */
  async node(count: number, bytes: number, data?: string) {
    const store = data === undefined ? memoryStore() : await diskStore(data);
    if (store === undefined) throw new Error('no store');
    const node = await createNode({ host: '127.0.0.1', port: 0, store });
    const value = valueOf(bytes);
    const write = async (prefix: string, many: number): Promise<void> => {
      for (let i = 0; i < many; i += 1000) {
        const calls: Promise<unknown>[] = [];
        for (let at = i; at < Math.min(many, i + 1000); at++) calls.push(node.put(flatKeyOf(prefix, at), value));
        await Promise.all(calls);
      }
    };
    // Compiled code and first buffers are no entry's cost.
    await write('w', 1000);
    return costOf(count, async () => {
      await write('k', count);
      return node;
    });
  },
  /** Reads of a bare Map of packed values per second, the best of a few passes over all. */
  bareReads(count: number, bytes: number) {
    const map = new Map<string, Uint8Array>();
    const keys = Array.from({ length: count }, (_, i) => flatKeyOf('k', i));
    for (const key of keys) map.set(key, encodeValue(valueOf(bytes), bytes + 16));
    const passes = Math.max(3, Math.ceil(50_000 / count));
    let best = 0;
    for (let pass = 0; pass < passes; pass++) {
      const begunMs = performance.now();
      for (const key of keys) decodeValue(map.get(key) ?? new Uint8Array());
      best = Math.max(best, count / ((performance.now() - begunMs) / 1000));
    }
    return best;
  },
  /** Stops the compiler from letting go of what is held. */
  holds: () => kept !== undefined,
});
