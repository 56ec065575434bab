import { SimpleDHTError } from '../errors.ts';
import { packValue, unpackChecked } from './codec.ts';
import { MessagePackScan } from './prescan.ts';
import { decodeSimple, encodeSimple } from './simple-values.ts';
import { StorableWalk } from './storable.ts';

/**
 * Bytes of a value, in memory that nothing else writes to; small ones share a buffer with other values. Takes null, booleans, numbers (NaN and the infinities are kept, -0 becomes
 * 0), bigints of 64 bits, well-formed strings, Uint8Array and Buffer, dates, arrays and plain objects, nested at most 64
 * deep. A property that is `undefined` is left out, as JSON does.
 *
 * Throws `ERR_INVALID_VALUE` naming the place (`value.a[3]: a function cannot be stored`) for anything else, and
 * `ERR_VALUE_TOO_LARGE` beyond `maxBytes` of encoded size or the counts in `limits`. Nothing was packed or kept then.
 */
export function encodeValue(value: unknown, maxBytes: number): Uint8Array {
  return checked(encodeSimple(value) ?? encodeAny(value, maxBytes), maxBytes);
}

function encodeAny(value: unknown, maxBytes: number): Uint8Array {
  const walk = new StorableWalk(maxBytes);
  const refusal = walk.check(value);
  if (refusal !== undefined) {
    const path = refusal.path.reverse().slice(0, refusal.steps).join('');
    throw new SimpleDHTError(refusal.code, `value${path}: ${refusal.reason}`);
  }
  return packValue(value, walk.omitsUndefined);
}

function checked(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length > maxBytes) {
    const size = `${String(bytes.length)} bytes encoded, of at most ${String(maxBytes)}`;
    throw new SimpleDHTError('ERR_VALUE_TOO_LARGE', `value: ${size}`);
  }
  return bytes;
}

/**
 * The value that the bytes encode; it shares no memory with them. Bytes come back as Uint8Array, 64-bit integers as bigint.
 * Throws `ERR_MALFORMED`, and nothing else, for anything that `encodeValue` would not have made in substance.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  return decodeSimple(bytes) ?? unpackChecked(bytes, 0);
}

/** Throws `ERR_MALFORMED` unless `decodeValue` would succeed; for values encoded elsewhere, before they are stored. */
export function checkValue(bytes: Uint8Array): void {
  new MessagePackScan(bytes, 0).run();
}
