import fc from 'fast-check';
import {
  keySeparator,
  type Floor,
  type NodeId,
  type Origin,
  type StoredRecord,
  type VectorEntry,
} from '@simpledht/wire';

/** Any well-formed text: every code point but the surrogates. */
export const text: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 80 });

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((array) => [...array].map((byte) => byte.toString(16).padStart(2, '0')).join(''));

export const nodeId: fc.Arbitrary<NodeId> = hex(16).map((id) => id as NodeId);
export const origin: fc.Arbitrary<Origin> = hex(24).map((id) => id as Origin);

const positiveZero = (value: number): number => (value === 0 ? 0 : value);
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double().map(positiveZero),
  fc.integer(),
  fc.maxSafeInteger().map(positiveZero),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  text,
  fc.uint8Array({ maxLength: 300 }),
  fc.date({ noInvalidDate: true }),
);
const key = text.filter((name) => name !== '__proto__');

/** Any value that can be stored. */
export const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 24 }),
  ),
})).value;

/** At most 31 code points of 4 bytes. */
const namespace = fc.string({ unit: 'binary', maxLength: 31 }).map((name) => name.replaceAll(keySeparator, ''));
const storedKey = fc
  .tuple(namespace, fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }))
  .map((parts) => parts.join(keySeparator));
const sequence = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 281_474_976_710_655 }));
const clock = fc.oneof(fc.integer({ min: 8e14, max: 8e14 + 300 }), fc.maxSafeNat());

/** Few origins and writers, so that records refer back to what the batch has named. */
const few = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(item, { minLength: 1, maxLength: 3 });

/** Records as a store may hold them: written by the origin's node or another, in sequence or not. */
export const records: fc.Arbitrary<StoredRecord[]> = fc
  .record({ origins: few(origin), writers: few(nodeId) })
  .chain(({ origins, writers }) =>
    fc.array(
      fc.record({
        key: storedKey,
        value: fc.option(fc.uint8Array({ maxLength: 200 })),
        hlc: clock,
        writer: fc.constantFrom(...writers, ...origins.map((each) => each.slice(0, 32) as NodeId)),
        expiresAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8_640_000_000_000_000 })),
        origin: fc.constantFrom(...origins),
        seq: sequence,
      }),
      { maxLength: 30 },
    ),
  );

const intervalSteps = fc.array(fc.tuple(fc.integer({ min: 2, max: 1e6 }), fc.nat(1e6)), { maxLength: 64 });

const vectorEntry: fc.Arbitrary<VectorEntry> = fc
  .record({ origin, watermark: fc.nat(), steps: intervalSteps })
  .map(({ steps, ...entry }) => {
    let end = entry.watermark;
    const intervals = steps.map(([gap, length]): [number, number] => {
      const first = end + gap;
      end = first + length;
      return [first, end];
    });
    return { ...entry, intervals };
  });

export const vector: fc.Arbitrary<VectorEntry[]> = fc.uniqueArray(vectorEntry, {
  maxLength: 6,
  selector: (entry) => entry.origin,
});

export const floors: fc.Arbitrary<Floor[]> = fc.uniqueArray(
  fc.record({ origin, seq: sequence, hlc: fc.maxSafeNat() }),
  { maxLength: 6, selector: (floor) => floor.origin },
);
