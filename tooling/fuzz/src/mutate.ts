import type { Random } from '@simpledht/transport';
import { limits } from '@simpledht/wire';

/** No input grows beyond it: decoders are told apart by layout, not by size. */
const maxInputBytes = 8192;

/** Where integers go wrong: the ends of their forms, and the named limits. */
const integers: readonly number[] = [
  ...[0, 1, 0x3f, 0x7f, 0xff, 0x3fff, 0x7fff, 0xffff, 0x3fff_ffff, 0x7fff_ffff, 0xffff_ffff, 2 ** 48 - 1, 2 ** 53 - 1],
  ...Object.values(limits),
].flatMap((value) => [value - 1, value, value + 1].filter((near) => near >= 0));

/** What an input is made from. */
export interface Material {
  readonly random: Random;
  readonly corpus: readonly Uint8Array[];
  readonly words: readonly Uint8Array[];
}

type Mutation = (input: Uint8Array, material: Material) => Uint8Array;

const below = (random: Random, end: number): number => Math.floor(random.next() * end);

function pick<T>(random: Random, items: readonly T[], otherwise: T): T {
  return items[below(random, items.length)] ?? otherwise;
}

/** Replaces [at, at + removed) by `piece`. */
function replaced(input: Uint8Array, at: number, removed: number, piece: Uint8Array): Uint8Array {
  return Uint8Array.from([...input.subarray(0, at), ...piece, ...input.subarray(at + removed)]);
}

/** A span of a usual length: short ones are the likeliest. */
function span(input: Uint8Array, random: Random): { readonly at: number; readonly length: number } {
  const at = below(random, input.length + 1);
  const length = Math.min(input.length - at, 2 ** below(random, 7));
  return { at, length };
}

/** A varint of RFC 9000 in any of its forms, the shortest or not. */
function varint(value: number, form: number): Uint8Array {
  const bytes = bigEndian(value, 2 ** form);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | (form << 6);
  return bytes;
}

function bigEndian(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = length - 1, left = value; index >= 0; index--, left = Math.floor(left / 0x100)) bytes[index] = left;
  return bytes;
}

/** Tokens of MessagePack that are followed by a length or a number, with the bytes that these take. */
const packedHeads: readonly (readonly [number, number])[] = [
  ...[0xc4, 0xd9, 0xcc, 0xd0].map((token) => [token, 1] as const),
  ...[0xc5, 0xda, 0xdc, 0xde, 0xcd, 0xd1].map((token) => [token, 2] as const),
  ...[0xc6, 0xdb, 0xdd, 0xdf, 0xce, 0xd2].map((token) => [token, 4] as const),
  ...[0xcf, 0xd3, 0xcb].map((token) => [token, 8] as const),
];

function number(random: Random): Uint8Array {
  const value = pick(random, integers, 0);
  const form = below(random, 4);
  if (random.next() < 0.4) return varint(value, form);
  const [token, bytes] = pick(random, packedHeads, [0xc0, 0] as const);
  if (random.next() < 0.5) return Uint8Array.of(token, ...bigEndian(value, bytes));
  return bigEndian(value, pick(random, [1, 2, 3, 4, 6, 8], 1));
}

const isWordByte = (byte: number): boolean => /\w/.test(String.fromCharCode(byte));

/** The run of letters and digits around a place. */
function wordAround(input: Uint8Array, place: number): { readonly at: number; readonly length: number } {
  let [at, end] = [place, place];
  while (at > 0 && isWordByte(input[at - 1] ?? 0)) at--;
  while (end < input.length && isWordByte(input[end] ?? 0)) end++;
  return { at, length: end - at };
}

const mutations: readonly Mutation[] = [
  (input, { random }) => {
    const at = below(random, input.length);
    return replaced(input, at, 1, Uint8Array.of((input[at] ?? 0) ^ (1 << below(random, 8))));
  },
  (input, { random }) => {
    const at = below(random, input.length);
    return replaced(input, at, 1, Uint8Array.of((input[at] ?? 0) + below(random, 9) - 4));
  },
  (input, { random }) => replaced(input, below(random, input.length), 1, random.bytes(1)),
  // Cut short, and made longer.
  (input, { random }) => input.slice(0, below(random, input.length)),
  (input, { random }) => replaced(input, input.length, 0, random.bytes(1 + below(random, 16))),
  // A part missing, doubled, or moved.
  (input, { random }) => {
    const { at, length } = span(input, random);
    return replaced(input, at, length, new Uint8Array(0));
  },
  (input, { random }) => {
    const { at, length } = span(input, random);
    return replaced(input, at, 0, input.subarray(at, at + length));
  },
  (input, { random }) => {
    const { at, length } = span(input, random);
    const rest = replaced(input, at, length, new Uint8Array(0));
    return replaced(rest, below(random, rest.length + 1), 0, input.subarray(at, at + length));
  },
  // One byte many times: levels of nesting, and runs.
  (input, { random }) => {
    const at = below(random, input.length);
    return replaced(input, at, 0, new Uint8Array(2 ** below(random, 9)).fill(input[at] ?? 0));
  },
  // Numbers where lengths may stand.
  (input, { random }) => {
    const bytes = number(random);
    return replaced(input, below(random, input.length + 1), random.next() < 0.7 ? bytes.length : 0, bytes);
  },
  (input, { random }) => replaced(input, below(random, input.length + 1), 1, number(random)),
  // Two inputs spliced, or one behind the other: frames and records of both.
  (input, { random, corpus }) => {
    const other = pick(random, corpus, input);
    return replaced(input, below(random, input.length + 1), input.length, other.subarray(below(random, other.length)));
  },
  (input, { random, corpus }) => {
    const other = pick(random, corpus, input);
    const { at, length } = span(other, random);
    return replaced(input, below(random, input.length + 1), length, other.subarray(at, at + length));
  },
  (input, { random, corpus }) => replaced(input, input.length, 0, pick(random, corpus, input)),
  (input, { random, words }) => {
    const word = pick(random, words, new Uint8Array(0));
    const { at, length } = wordAround(input, below(random, input.length + 1));
    return replaced(input, at, length, word);
  },
  (input, { random, words }) => {
    const word = pick(random, words, new Uint8Array(0));
    const removed = pick(random, [0, word.length, below(random, 10)], 0);
    return replaced(input, below(random, input.length + 1), removed, word);
  },
];

/** A few changes, one after the other. */
export function mutate(material: Material, start: Uint8Array): Uint8Array {
  const { random } = material;
  let input = start;
  for (let left = 2 ** below(random, 4); left > 0; left--) {
    input = pick(random, mutations, (same) => same)(input, material).subarray(0, maxInputBytes);
  }
  return input.slice();
}
