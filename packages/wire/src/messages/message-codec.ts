import { MalformedError } from '../errors.ts';
import { packOwned, unpackChecked } from '../msgpack/codec.ts';
import { structure, type Shape } from './fields.ts';

/** One kind of message: its first byte, and both directions. Decoding throws `MalformedError` for any other bytes. */
export interface MessageCodec<M extends { readonly kind: string }> {
  readonly kind: M['kind'];
  /** First byte of the body: one for each kind, for ever. */
  readonly code: number;
  encode(message: M): Uint8Array;
  /** `body` begins with `code`. */
  decode(body: Uint8Array): M;
}

/** A kind whose body is a MessagePack array of its fields, in the order of the shape. */
export function fieldsCodec<M extends { readonly kind: string }>(
  code: number,
  kind: M['kind'],
  shape: Shape<Omit<M, 'kind'>>,
): MessageCodec<M> {
  const fields = structure<Omit<M, 'kind'>>(shape);
  return {
    kind,
    code,
    encode: (message) => {
      const body = packOwned(fields.write(message, kind), 1);
      body[0] = code;
      return body;
    },
    // The shape has every field of M but its kind.
    decode: (body) => Object.assign({ kind }, fields.read(unpackChecked(body, 1), kind)) as unknown as M,
  };
}

/** Runs a decoder of a fixed layout; its errors name the message. */
export function named<T>(kind: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new MalformedError(error.reason, `${kind} ${error.message}`, { cause: error });
  }
}
