import { limits } from '@simpledht/wire';
import { invalid, isInteger } from '../options.ts';
import { checkTtl } from './expiry.ts';
import { isSchema, type StandardSchemaV1 } from './schema.ts';

/** What a namespace asks of its values and keys, at this node: other nodes may ask something else. */
export interface NamespaceOptions<T = unknown, Input = T> {
  /** Validates what is written here; what it makes of a value is stored. Any validator with Standard Schema, sync or async. */
  readonly schema?: StandardSchemaV1<Input, T>;
  /** Keys of the namespace beyond which writes of new ones are refused here. No limit by default. */
  readonly maxKeys?: number;
  /** Largest encoded value of a write here, bytes; at most the node's `maxValueBytes`, which is the default. */
  readonly maxValueBytes?: number;
  /** Expiry of writes that name no `ttl`, ms. */
  readonly ttl?: number;
}

/** Throws `ERR_INVALID_OPTION` naming the option. */
export function checkNamespaceOptions({ schema, maxKeys, maxValueBytes, ttl }: NamespaceOptions): void {
  if (schema !== undefined && !isSchema(schema)) throw invalid('schema', 'a Standard Schema validator', schema);
  if (maxKeys !== undefined && !isInteger(maxKeys, 1, Number.MAX_SAFE_INTEGER))
    throw invalid('maxKeys', 'a positive integer', maxKeys);
  if (maxValueBytes !== undefined && !isInteger(maxValueBytes, 1, limits.maxValueBytes))
    throw invalid('maxValueBytes', `an integer from 1 to ${String(limits.maxValueBytes)}`, maxValueBytes);
  checkTtl(ttl);
}
