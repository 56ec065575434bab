import type { Page, StoredRecord } from '@simpledht/wire';
import type { Floors } from './floors.ts';
import type { LocalMap } from './local-map.ts';
import { compareWrites } from './record-order.ts';
import type { VersionVector } from './version-vector.ts';

/** A page of a peer's map with what the peer says of all of it. */
export interface PeerPage {
  readonly page: Page;
  /** What the peer covers, retired origins included. */
  readonly vector: VersionVector;
  readonly floors: Floors;
}

/**
 * Own records that the peer has deleted by tombstones which are gone: it covers their dots and holds nothing as large, and
 * this replica (it covered `before`) may have missed such a tombstone. Every other absence is damage on the peer's side.
 */
export function deletedAtPeer(
  { page, vector, floors }: PeerPage,
  local: LocalMap,
  before: VersionVector,
): StoredRecord[] {
  if (floors.size === 0) return [];
  const theirs = new Map(page.records.map((record) => [record.key, record]));
  const bounds = { ...(page.after === '' ? {} : { gt: page.after }), ...(page.done ? {} : { lte: page.reached }) };
  const deleted: StoredRecord[] = [];
  for (const record of local.store.range(bounds)) {
    const their = theirs.get(record.key);
    if (their !== undefined && compareWrites(their, record) >= 0) continue;
    if (!vector.covers(record.origin, record.seq)) continue;
    if (floors.mayHaveDeleted(record, before, vector)) deleted.push(record);
  }
  return deleted;
}

/**
 * The peer's records that this replica should merge: all but those that it has seen deleted. A covered tombstone is never
 * taken back for a key that is not held, and a covered record only if the peer cannot have missed its deletion.
 */
export function wantedOf({ page, vector }: PeerPage, local: LocalMap): StoredRecord[] {
  if (local.vector.size === 0) return [...page.records];
  return page.records.filter((record) => {
    if (!local.vector.covers(record.origin, record.seq)) return true;
    if (record.value === null && local.store.get(record.key) === undefined) return false;
    return local.floors.size === 0 || !local.floors.mayHaveDeleted(record, vector, local.vector);
  });
}
