import type { Write } from '@simpledht/storage';
import { SimpleDHTError } from '@simpledht/wire';
import { invalid } from '../options.ts';
import type { ReplicatedMap } from '../replicated-map.ts';
import type { BatchResult, WriteOptions } from '../types.ts';
import { versionOf } from '../versions.ts';
import { checkTtl } from './expiry.ts';

/** One step of `batch`. */
export type BatchOperation<Input = unknown> =
  | { readonly type: 'put'; readonly key: string; readonly value: Input; readonly ttl?: number }
  | { readonly type: 'delete'; readonly key: string };

/** What one `batch` may hold, so that it fits one message: operations, and bytes of keys and values with 32 for each. */
const maxBatchOperations = 32_768;
const maxBatchBytes = 4_194_304;

const operationBytes = 32;

/** Throws `ERR_INVALID_OPTION` or `ERR_LIMIT_REACHED`. */
function checkOperations(operations: readonly BatchOperation[]): void {
  if (!Array.isArray(operations)) throw invalid('operations', 'an array', operations);
  if (operations.length > maxBatchOperations)
    throw new SimpleDHTError(
      'ERR_LIMIT_REACHED',
      `A batch may have ${String(maxBatchOperations)} operations; this one has ${String(operations.length)}`,
    );
  for (const [index, operation] of operations.entries()) {
    const { type } = (operation ?? {}) as Partial<BatchOperation>;
    if (type !== 'put' && type !== 'delete')
      throw invalid(`operations[${String(index)}].type`, "'put' or 'delete'", type);
  }
}

/** Throws `ERR_LIMIT_REACHED`. A single write may be as large as a value may. */
function checkBatchBytes(writes: readonly Write[]): void {
  if (writes.length === 1) return;
  const bytes = writes.reduce((sum, { key, value }) => sum + operationBytes + key.length + (value?.length ?? 0), 0);
  if (bytes <= maxBatchBytes) return;
  throw new SimpleDHTError(
    'ERR_LIMIT_REACHED',
    `A batch may have ${String(maxBatchBytes)} bytes of keys and values; this one has ${String(bytes)}`,
  );
}

/** Writes all operations in one step of the store. */
export async function batch(
  map: ReplicatedMap,
  operations: readonly BatchOperation[],
  options: WriteOptions,
): Promise<BatchResult> {
  map.mustBeOpen();
  checkOperations(operations);
  const terms = map.terms(options);
  const drafts = operations.map((operation) => draft(map, operation));
  const writes = drafts.every(isWrite) ? drafts : await Promise.all(drafts.map((drafted) => Promise.resolve(drafted)));
  checkBatchBytes(writes);
  const records = map.writeAll(writes);
  const last = records.at(-1);
  if (last === undefined) return { versions: [], acknowledged: 1 };
  const { acknowledged } = await map.writes.settle(last, terms);
  return { versions: records.map(versionOf), acknowledged };
}

/** A write; a promise of it only when the schema needs to wait. */
function draft(map: ReplicatedMap, operation: BatchOperation): Write | Promise<Write> {
  const key = map.stored(operation.key);
  if (operation.type === 'delete') return { key, value: null, expiresAt: 0 };
  const { ttl } = operation;
  checkTtl(ttl);
  const encoding = map.encoded(operation.value);
  if (encoding instanceof Promise) return encoding.then((value) => ({ key, value, expiresAt: map.expiry(ttl) }));
  return { key, value: encoding, expiresAt: map.expiry(ttl) };
}

function isWrite(drafted: Write | Promise<Write>): drafted is Write {
  return !(drafted instanceof Promise);
}
