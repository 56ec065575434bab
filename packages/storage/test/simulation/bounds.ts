import { limits, type StorageReply, type StorageRequest, type StoredRecord } from '@simpledht/wire';
import type { ReplicaSettings } from '../../src/index.ts';
import { BrokenPromise } from './broken-promise.ts';

/** What a record counts for in settings, as they document it: its key, its value and 32 bytes. */
function bytesOf(records: readonly StoredRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + 32 + key.length + (value?.length ?? 0), 0);
}

/** A batch of this simulation, which leaves whole. */
const batchBytes = 4 * 48;

/** Whatever leaves keeps to its bound; only a first record may be larger than it. */
export function checkBounds(message: StorageRequest | StorageReply, settings: Partial<ReplicaSettings>): void {
  const { deltaBytes = Infinity } = settings;
  if (message.kind === 'delta') checkRecords(message.kind, message.records, deltaBytes + batchBytes);
  if (message.kind === 'page') checkRecords(message.kind, message.records, settings.pageBytes);
  if ('vector' in message) {
    for (const { intervals } of message.vector) {
      if (intervals.length > limits.maxIntervals)
        throw new BrokenPromise('bound', `${String(intervals.length)} intervals`);
    }
    if (message.vector.length > limits.maxOrigins) throw new BrokenPromise('bound', 'too many origins');
  }
}

function checkRecords(kind: string, records: readonly StoredRecord[], maxBytes = Infinity): void {
  if (records.length <= 1 || bytesOf(records) <= maxBytes) return;
  throw new BrokenPromise('bound', `a ${kind} of ${String(bytesOf(records))} bytes, at most ${String(maxBytes)}`);
}
