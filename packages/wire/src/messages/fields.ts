import { bytesToHex, hexToBytes } from '../body/hex.ts';
import { MalformedError } from '../errors.ts';
import { isNodeId, isOrigin, type NodeId, type Origin } from '../ids.ts';
import { limits } from '../limits.ts';
import type { VectorEntry } from '../record.ts';
import { decodeVector, encodeVector } from '../records/vectors.ts';
import { fitsUtf8 } from '../utf8.ts';

/**
 * One field of a message: how it looks in the MessagePack array and what it may be. Both directions make the same checks
 * and throw `MalformedError`, so that a message that its receiver would refuse is never sent. `name` is for the error.
 */
export interface Field<T> {
  readonly write: (value: T, name: string) => unknown;
  readonly read: (raw: unknown, name: string) => T;
}

function shapeError(name: string, expected: string): MalformedError {
  return new MalformedError('shape', `${name} is not ${expected}`);
}

/** A field that looks the same on both sides. */
function same<T>(expected: string, is: (value: unknown) => value is T): Field<T> {
  const check = (value: unknown, name: string): T => {
    if (!is(value)) throw shapeError(name, expected);
    return value;
  };
  return { write: check, read: check };
}

export const boolean: Field<boolean> = same('a boolean', (value) => typeof value === 'boolean');

/** An integer from 0, or from `min`, to `max`. */
export function integer(max: number, min = 0): Field<number> {
  return same(
    `an integer of ${String(min)} … ${String(max)}`,
    (value): value is number => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  );
}

/** Any unsigned integer that a number holds exactly. */
export const anyInteger: Field<number> = integer(Number.MAX_SAFE_INTEGER);

/** A duration or a time in ms; fractions allowed, infinity not. */
export const milliseconds: Field<number> = same(
  'a time in ms',
  (value): value is number => typeof value === 'number' && value >= 0 && value <= limits.maxTimeMs,
);

/** Well-formed text of at most `maxBytes` of UTF-8. */
export function text(maxBytes: number): Field<string> {
  return same(
    `text of at most ${String(maxBytes)} bytes`,
    (value): value is string => typeof value === 'string' && value.isWellFormed() && fitsUtf8(value, maxBytes),
  );
}

/** Text for people: cut when it is sent, so that a long one fails nothing. */
export function cutText(maxUnits: number): Field<string> {
  const { read } = text(maxUnits * 3);
  return { write: (value) => value.slice(0, maxUnits).toWellFormed(), read };
}

/** Bytes; the message's own limit bounds them. They share no memory with the message. */
export const bytes: Field<Uint8Array> = same('bytes', (value) => value instanceof Uint8Array);

/** No bytes, or exactly so many. */
export function bytesOf(length: number): Field<Uint8Array> {
  return same(
    `${String(length)} bytes or none`,
    (value): value is Uint8Array => value instanceof Uint8Array && (value.length === 0 || value.length === length),
  );
}

/** One of a few words, sent as its place among them. */
export function oneOf<const T extends string>(...words: readonly T[]): Field<T> {
  return {
    write: (value) => words.indexOf(value),
    read: (raw, name) => {
      const word = typeof raw === 'number' ? words[raw] : undefined;
      if (word === undefined) throw shapeError(name, `below ${String(words.length)}`);
      return word;
    },
  };
}

export const nodeId: Field<NodeId> = id('a node id', isNodeId);
export const origin: Field<Origin> = id('an origin', isOrigin);

/** Raw bytes of an id. */
function id<T extends string>(expected: string, is: (value: unknown) => value is T): Field<T> {
  const { read: check } = same(expected, is);
  return {
    write: (value, name) => hexToBytes(check(value, name)),
    read: (raw, name) => check(raw instanceof Uint8Array ? bytesToHex(raw) : raw, name),
  };
}

/** A field that may also be '', sent as null. */
export function orEmpty<T extends string>(field: Field<T>): Field<T | ''> {
  return {
    write: (value, name) => (value === '' ? null : field.write(value, name)),
    read: (raw, name) => (raw === null ? '' : field.read(raw, name)),
  };
}

/** A version vector in its own layout. */
export const vector: Field<readonly VectorEntry[]> = {
  write: encodeVector,
  read: (raw, name) => decodeVector(bytes.read(raw, name)),
};

export function list<T>(item: Field<T>, max: number): Field<readonly T[]> {
  const check = (value: unknown, name: string): readonly unknown[] => {
    if (!Array.isArray(value) || value.length > max) throw shapeError(name, `a list of at most ${String(max)}`);
    return value;
  };
  return {
    write: (value, name) => {
      check(value, name);
      return value.map((each) => item.write(each, name));
    },
    read: (raw, name) => check(raw, name).map((each) => item.read(each, name)),
  };
}

/** The fields of a structure, in the order of the wire. */
export type Shape<T> = { readonly [Name in keyof T]-?: Field<T[Name]> };

/** A structure as an array of its fields; fields beyond the known ones are of later versions and are ignored. */
export function structure<T extends object>(shape: Shape<T>): Field<T> {
  const fields = Object.entries(shape) as unknown as readonly (readonly [keyof T & string, Field<unknown>])[];
  return {
    write: (value, name) => fields.map(([key, field]) => field.write(value[key], `${name}.${key}`)),
    read: (raw, name) => {
      if (!Array.isArray(raw) || raw.length < fields.length) throw shapeError(name, `${String(fields.length)} fields`);
      const items: readonly unknown[] = raw;
      const result: Partial<Record<keyof T, unknown>> = {};
      fields.forEach(([key, field], index) => (result[key] = field.read(items[index], key)));
      // Every key of `Shape<T>` was read by the field of its type.
      return result as T;
    },
  };
}

/** Two fields as an array. */
export function pair<A, B>(first: Field<A>, second: Field<B>): Field<readonly [A, B]> {
  const both = structure<{ readonly first: A; readonly second: B }>({ first, second });
  return {
    write: (value, name) => both.write({ first: value[0], second: value[1] }, name),
    read: (raw, name) => {
      const read = both.read(raw, name);
      return [read.first, read.second];
    },
  };
}
