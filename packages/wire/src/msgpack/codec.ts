import { Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE, Unpackr, type Options } from 'msgpackr';
import { MalformedError } from '../errors.ts';
import { PlainReader } from './plain-reader.ts';
import { maxSharedBytes, packedBeside } from './pool.ts';
import { MessagePackScan } from './prescan.ts';

/**
 * No shared structures: one lost datagram would break all that follow. No extensions but timestamps. Byte strings are
 * copied, not views of a datagram. 64-bit integers stay bigint: numbers never take that form, so each type comes back as
 * it went in. Maps take their exact size, so more than 65,535 keys work. `toJSON` is never called.
 */
const options: Options = {
  useRecords: false,
  moreTypes: false,
  structuredClone: false,
  copyBuffers: true,
  variableMapSize: true,
  useToJSON: false,
};
const packr = new Packr(options);
/** Leaves out properties that are `undefined`; a fifth slower, so only where there are any. */
const omittingPackr = new Packr(Object.assign({ skipValues: [undefined] }, options));
const unpackr = new Unpackr(options);

/** Larger bodies are read in place. */
const scratchBytes = 16_384;
/**
 * Small bodies are copied here before they are decoded: msgpackr hangs a DataView on every array that it reads, which
 * would stay with each stored value (and costs more to make than the copy). Never read past the length just copied.
 */
const scratch = new Uint8Array(scratchBytes);

/**
 * MessagePack of a value that is known to be packable, after `prefixBytes` bytes (at most 255) left free for the caller.
 *
 * An own copy: msgpackr packs into a pool that it shares with everyone in the process, and a body that points into it
 * would keep megabytes alive after one large value.
 */
export function packOwned(value: unknown, prefixBytes: number): Uint8Array {
  const mode = RESET_BUFFER_MODE | (prefixBytes > 0 ? RESERVE_START_SPACE | prefixBytes : 0);
  return new Uint8Array(packr.pack(value, mode));
}

/** MessagePack of a value that is known to be packable, beside other small ones (see `packedBeside`). */
export function packValue(value: unknown, omitsUndefined: boolean): Uint8Array {
  const packed = (omitsUndefined ? omittingPackr : packr).pack(value, RESET_BUFFER_MODE);
  if (packed.length > maxSharedBytes) return new Uint8Array(packed);
  const bytes = packedBeside(packed.length);
  bytes.set(packed);
  return bytes;
}

/** The one value in the bytes from `start`, after the scan. Throws `MalformedError` and nothing else. */
export function unpackChecked(bytes: Uint8Array, start: number): unknown {
  const scan = new MessagePackScan(bytes, start).run();
  try {
    return scan.hasByteOrderMark ? new PlainReader(bytes, start).value() : unpack(bytes, start);
  } catch (cause) {
    throw new MalformedError('messagepack', 'MessagePack does not decode', { cause });
  }
}

function unpack(bytes: Uint8Array, start: number): unknown {
  const length = bytes.length - start;
  if (length > scratchBytes) return unpackr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset + start, length));
  scratch.set(start === 0 ? bytes : bytes.subarray(start));
  return unpackr.unpack(scratch, length);
}
