import { decodeValue, VersionMismatchError, type StoredRecord } from '@simpledht/wire';
import { valueOf, type ReplicatedMap } from '../replicated-map.ts';
import type { PutIfOptions, PutOptions, TouchOptions, UpdateResult, WriteResult } from '../types.ts';
import { versionOf } from '../versions.ts';

/** How often `update` begins anew because the key was written while it waited. */
const maxUpdateAttempts = 16;

/** Writes when the key has, at this node and at this moment, the version that was named. */
export async function putIf(
  map: ReplicatedMap,
  key: string,
  value: unknown,
  options: PutIfOptions,
): Promise<WriteResult> {
  const stored = map.stored(key);
  const terms = map.terms(options);
  const encoding = map.encoded(value);
  const encoded = encoding instanceof Promise ? await encoding : encoding;
  await map.met(key);
  const current = versionIfAny(map.live(stored));
  const expected = options.version ?? undefined;
  if (current !== expected) throw new VersionMismatchError(expected, current);
  return map.writes.settle(map.write({ key: stored, value: encoded, expiresAt: map.expiry(options.ttl) }), terms);
}

/** Reads, asks `change` what to write, and writes if nothing came between; else begins anew. */
export async function update<T>(
  map: ReplicatedMap,
  key: string,
  change: (value: T | undefined) => unknown,
  options: PutOptions,
): Promise<UpdateResult<T>> {
  const stored = map.stored(key);
  const terms = map.terms(options);
  await map.met(key);
  let before: StoredRecord | undefined;
  for (let attempt = 0; attempt < maxUpdateAttempts; attempt++) {
    terms.signal?.throwIfAborted();
    before = map.live(stored);
    const changed = change(valueOf(before) as T | undefined);
    // A synchronous change is one step with the write: what need not be awaited is not.
    const wanted = changed instanceof Promise ? ((await changed) as unknown) : changed;
    const encoding = wanted === undefined ? null : map.encoded(wanted);
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    if (versionIfAny(map.live(stored)) !== versionIfAny(before)) continue;
    if (encoded === null && before === undefined) return { value: undefined, version: undefined, acknowledged: 0 };
    const expiresAt = encoded === null ? 0 : expiryAfter(map, before, options.ttl);
    const written = await map.writes.settle(map.write({ key: stored, value: encoded, expiresAt }), terms);
    return { ...written, value: (encoded === null ? undefined : decodeValue(encoded)) as T | undefined };
  }
  throw new VersionMismatchError(versionIfAny(before), versionIfAny(map.live(stored)));
}

/** The same value with a new expiry. False when the key is not there. */
export async function touch(map: ReplicatedMap, key: string, options: TouchOptions): Promise<boolean> {
  const { ttl } = options;
  const stored = map.stored(key);
  const terms = map.terms(options);
  await map.met(key);
  const record = map.live(stored);
  if (record === undefined) return false;
  const expiresAt = ttl === undefined ? 0 : map.expiry(ttl);
  await map.writes.settle(map.write({ key: stored, value: record.value, expiresAt }), terms);
  return true;
}

/** A value keeps its expiry unless another is asked for. */
function expiryAfter(map: ReplicatedMap, before: StoredRecord | undefined, ttl: number | undefined): number {
  return ttl === undefined && before !== undefined ? before.expiresAt : map.expiry(ttl);
}

function versionIfAny(record: StoredRecord | undefined): string | undefined {
  return record === undefined ? undefined : versionOf(record);
}
