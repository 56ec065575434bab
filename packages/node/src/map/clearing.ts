import { wallOf, type Write } from '@simpledht/storage';
import type { Clock } from '@simpledht/transport';
import type { StoredRecord } from '@simpledht/wire';
import type { ReplicatedMap } from '../replicated-map.ts';
import type { ClearOptions } from '../types.ts';
import { checkBounds } from '../options.ts';

/** Keys deleted in one step; the others get their turn between two. */
const stepKeys = 256;
/** A version this far ahead of now comes from a clock that is wrong, not from a write made meanwhile, ms. */
const maxAheadMs = 10_000;

/** Deletes what is there, a step at a time, and leaves alone what is written meanwhile. Returns how many keys it were. */
export async function clear(map: ReplicatedMap, clock: Clock, options: ClearOptions): Promise<number> {
  map.mustBeOpen();
  const { prefix = '', signal } = options;
  checkBounds({ prefix });
  const terms = map.terms(options);
  let count = 0;
  let latest: StoredRecord | undefined;
  let first: number | undefined;
  let steps: Write[] = [];
  const flush = async (): Promise<void> => {
    const records = map.writeAll(steps);
    steps = [];
    count += records.length;
    latest = records.at(-1);
    first ??= records[0]?.hlc;
    await map.writes.pause();
    signal?.throwIfAborted();
  };
  for (const { key, hlc } of map.records({ prefix })) {
    if (first !== undefined && hlc > first && wallOf(hlc) <= clock.now() + maxAheadMs) continue;
    steps.push({ key, value: null, expiresAt: 0 });
    if (steps.length === stepKeys) await flush();
  }
  if (steps.length > 0) await flush();
  if (latest !== undefined) await map.writes.settle(latest, terms);
  return count;
}
