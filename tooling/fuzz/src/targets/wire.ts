import {
  checkValue,
  decodeFloors,
  decodeMessage,
  decodeRecords,
  decodeRetired,
  decodeValue,
  decodeVector,
  encodeFloors,
  encodeMessage,
  encodeRecords,
  encodeValue,
  encodeVector,
  keySeparator,
  limits,
  type Floor,
  type Message,
  type StoredRecord,
  type VectorEntry,
} from '@simpledht/wire';
import { formats } from '../../../../packages/wire/test/vectors/formats.ts';
import { samples } from '../../../../packages/wire/test/vectors/samples.ts';
import { assertThat, isMalformed, roundTrip, type Target } from '../target.ts';

const layouts = ['/wire/src/records/', '/wire/src/body/', '/wire/src/utf8'];

/** What came and may not be applied is told and never sent. */
function sendable(message: Message): Message {
  if (!('invalid' in message)) return message;
  const { invalid: _, ...rest } = message;
  return rest;
}

function judgeKey(key: string): void {
  assertThat(Buffer.byteLength(key) <= limits.maxStoredKeyBytes, 'a key keeps the limit');
}

/** What every replica may apply. */
function judgeRecord({ key, hlc, seq, expiresAt }: StoredRecord): void {
  judgeKey(key);
  assertThat(key.includes(keySeparator), 'a key has a namespace');
  assertThat(hlc >= 0 && hlc <= limits.maxClock, 'a clock is in range');
  assertThat(seq >= 1 && seq <= limits.maxSequence, 'a sequence number is in range');
  assertThat(expiresAt >= 0 && expiresAt <= limits.maxTimeMs, 'an expiry is in range');
}

const messages = roundTrip<Message>({
  name: 'messages',
  sources: ['/wire/src/messages/', '/wire/src/msgpack/', ...layouts],
  seeds: () => samples.map(({ message }) => encodeMessage(message)),
  decode: (input) => sendable(decodeMessage(input)),
  encode: encodeMessage,
  refuses: isMalformed,
  judge: (message) => {
    if ('records' in message) message.records.forEach(judgeRecord);
    if (message.kind === 'page') [message.after, message.reached].forEach(judgeKey);
    return message.kind;
  },
});

/** As a string of MessagePack. */
const packed = (text: string): Uint8Array =>
  Buffer.concat([Buffer.of(0xa0 + Buffer.byteLength(text)), Buffer.from(text)]);

const packedWords: readonly Uint8Array[] = [
  packed('__proto__'),
  Buffer.concat([Buffer.of(0x81), packed('__proto__'), Buffer.of(0x90)]),
  Buffer.concat([Buffer.of(0x81), packed('toJSON'), Buffer.of(0x01)]),
  packed('constructor'),
  packed('\ufeff'),
];

interface Decoded {
  readonly value: unknown;
}

const values = roundTrip<Decoded>({
  name: 'values',
  sources: ['/wire/src/msgpack/', '/wire/src/utf8'],
  words: packedWords,
  seeds: () => [
    ...formats.map(([hex]) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))),
    encodeValue([[[1]]], 1024),
    encodeValue({ a: [1, -1, 2.5, 'text', 5n, { b: new Date(7), c: Uint8Array.of(1, 2) }], '\ufeff': null }, 1024),
  ],
  decode: (input) => {
    const value = decodeValue(input);
    // Must not refuse what was just decoded.
    checkValue(input);
    return { value };
  },
  encode: ({ value }) => encodeValue(value, limits.maxValueBytes),
  refuses: isMalformed,
  judge: ({ value }) => typeof value,
});

const recordSeeds: readonly StoredRecord[] = samples.flatMap(({ message }) =>
  'records' in message ? message.records : [],
);

const records = roundTrip<readonly StoredRecord[]>({
  name: 'records',
  sources: layouts,
  seeds: () => [[], recordSeeds, ...recordSeeds.map((record) => [record])].map(encodeRecords),
  decode: (input) => decodeRecords(input).records,
  encode: encodeRecords,
  refuses: isMalformed,
  judge: (decoded) => {
    decoded.forEach(judgeRecord);
    return String(Math.min(4, decoded.length));
  },
});

const vectorSeeds: readonly (readonly VectorEntry[])[] = samples.flatMap(({ message }) =>
  'vector' in message ? [message.vector] : [],
);

const vectors = [
  { name: 'vector', decode: decodeVector },
  { name: 'retired', decode: decodeRetired },
].map((each) =>
  roundTrip<readonly VectorEntry[]>({
    ...each,
    sources: ['/wire/src/records/vectors', '/wire/src/body/'],
    seeds: () => vectorSeeds.map(encodeVector),
    encode: encodeVector,
    isCanonical: true,
    refuses: isMalformed,
    judge: (entries) => String(entries.reduce((most, { intervals }) => Math.max(most, intervals.length), 0)),
  }),
);

const floors = roundTrip<readonly Floor[]>({
  name: 'floors',
  sources: ['/wire/src/records/vectors', '/wire/src/body/'],
  seeds: () => samples.flatMap(({ message }) => ('floors' in message ? [encodeFloors(message.floors)] : [])),
  decode: decodeFloors,
  encode: encodeFloors,
  isCanonical: true,
  refuses: isMalformed,
  judge: ({ length }) => String(Math.min(4, length)),
});

export const wireTargets: readonly Target[] = [messages, values, records, ...vectors, floors];
