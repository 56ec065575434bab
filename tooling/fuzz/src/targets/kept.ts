import { memoryStore } from '@simpledht/storage';
import { encodeVector, limits, type NodeId, type Origin, type StoredRecord } from '@simpledht/wire';
import { decodeRoster, encodeRoster, type RosterCopy } from '../../../../packages/node/src/driver/roster-copy.ts';
import {
  encodedBytes,
  readPlaces,
  readRecord,
  writeRecord,
} from '../../../../packages/storage-lmdb/src/lmdb/record-layout.ts';
import {
  loadFloors,
  loadPeers,
  loadRetired,
  loadState,
  loadUnsettled,
  loadVector,
  peersEntry,
  stateEntry,
  unsettledEntry,
  vectorEntries,
  type MetaEntry,
} from '../../../../packages/storage/src/metadata.ts';
import { SimpleDHTError } from '@simpledht/wire';
import { assertEqual } from '../equal.ts';
import { assertThat, never, roundTrip, type Target } from '../target.ts';

const ada = '0a'.repeat(16) as NodeId;
const bob = '0b'.repeat(16) as NodeId;
const origin = `${ada}${'01'.repeat(8)}` as Origin;
const other = `${bob}${'02'.repeat(8)}` as Origin;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isAddress = (text: string): boolean => Buffer.byteLength(text) <= limits.maxAddressBytes;

const roster = roundTrip<RosterCopy>({
  name: 'roster',
  sources: ['/node/src/driver/roster-copy'],
  seeds: () => [
    encodeRoster({ self: ada, incarnation: 1_780_000_000, members: [] }),
    encodeRoster({
      self: ada,
      incarnation: 3,
      members: [
        { id: bob, address: '127.0.0.1:5000', state: 'alive', incarnation: 7, durable: true, sinceMs: 1.5 },
        { id: ada, address: '[::1]:5000', state: 'left', incarnation: 0, durable: false, sinceMs: -7 },
      ],
    }),
  ],
  decode: (input) => decodeRoster(input),
  encode: encodeRoster,
  isCanonical: true,
  refuses: never,
  judge: ({ incarnation, members }) => {
    assertThat(isCount(incarnation), 'an incarnation is a whole number from 0');
    for (const member of members) {
      assertThat(isCount(member.incarnation), "a member's incarnation is a whole number from 0");
      assertThat(isAddress(member.address), 'an address keeps the limit');
    }
    return String(Math.min(3, members.length));
  },
});

const encodedRecord = (record: StoredRecord): Buffer => {
  const bytes = Buffer.alloc(encodedBytes(record));
  writeRecord(record, bytes, 0);
  return bytes;
};

const plain: StoredRecord = { key: 'k', value: Uint8Array.of(1), hlc: 7, writer: ada, expiresAt: 0, origin, seq: 258 };

const lmdbRecord = roundTrip<StoredRecord>({
  name: 'lmdb-record',
  sources: ['/storage-lmdb/src/lmdb/record-layout'],
  seeds: () =>
    [plain, { ...plain, value: null }, { ...plain, writer: bob, expiresAt: 1_900_000_000_000 }].map((record) =>
      Uint8Array.from(encodedRecord(record)),
    ),
  decode: (input) => readRecord('k', Buffer.from(input)),
  encode: encodedRecord,
  refuses: (error) => SimpleDHTError.is(error, 'ERR_STORE'),
  judge: (record) => {
    assertThat([record.hlc, record.expiresAt, record.seq].every(isCount), 'numbers are whole');
    const { isTombstone, valueBytes, ...places } = readPlaces(encodedRecord(record));
    assertEqual(isTombstone ? null : valueBytes, record.value?.length ?? null, 'the value by its places');
    const { hlc, expiresAt, seq } = record;
    assertEqual(places, { hlc, expiresAt, seq, origin: record.origin }, 'the places of a record');
    return `${String(isTombstone)} ${String(expiresAt > 0)} ${String(record.writer === ada)}`;
  },
});

const metaNames: readonly string[] = [
  'replica/state',
  'replica/origins',
  `replica/vector/${origin}`,
  `replica/vector/${other}`,
  'replica/floors',
  'replica/retired',
  'replica/unsettled',
  'replica/peers',
];

/** Metadata as one input: for each entry the number of its name, its length u16 and its bytes. */
function pack(entries: readonly MetaEntry[]): Uint8Array {
  const parts = entries.map(([name, bytes]) =>
    Buffer.concat([Buffer.of(metaNames.indexOf(name), bytes.length >> 8, bytes.length & 0xff), bytes]),
  );
  return Uint8Array.from(Buffer.concat(parts));
}

function unpack(input: Uint8Array): MetaEntry[] {
  const entries: MetaEntry[] = [];
  for (let at = 0; at + 3 <= input.length;) {
    const name = metaNames[(input[at] ?? 0) % metaNames.length] ?? '';
    const length = ((input[at + 1] ?? 0) << 8) | (input[at + 2] ?? 0);
    entries.push([name, input.slice(at + 3, at + 3 + length)]);
    at += 3 + length;
  }
  return entries;
}

const f64 = (...numbers: readonly number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(numbers.length * 8));
  for (const [index, number] of numbers.entries()) view.setFloat64(index * 8, number);
  return new Uint8Array(view.buffer);
};

const metaSeed = (): readonly MetaEntry[] => [
  stateEntry({ joined: true, ceiling: 4096, content: { live: 3, tombstones: 1, count: 3, high: 7, low: 9 } }),
  ['replica/origins', Buffer.from(origin + other, 'hex')],
  [`replica/vector/${origin}`, f64(5)],
  [`replica/vector/${other}`, f64(5, 8, 9, 12, 12)],
  ['replica/retired', encodeVector([{ origin: other, watermark: 3, intervals: [] }])],
  ['replica/unsettled', Buffer.concat([Buffer.from(origin, 'hex'), f64(4, 9)])],
  peersEntry([{ id: bob, durable: true }]),
];

/** Nothing throws, and what loads is saved and loads the same. */
const metadata: Target = {
  name: 'metadata',
  sources: ['/storage/src/metadata'],
  seeds: () => [pack(metaSeed()), ...metaSeed().map((entry) => pack([entry])), pack(metaSeed().slice(1, 4))],
  run: (input) => {
    const load = (meta: readonly MetaEntry[]): unknown[] => loaded(meta);
    const first = load(unpack(input));
    const [state, vector, unsettled, peers] = first;
    assertEqual(load(savedAgain(unpack(input))), first, 'what was loaded, saved and loaded again,');
    return [state, vector, unsettled, peers].map((part) => String(sizeOf(part))).join();
  },
};

const sizeOf = (part: unknown): number => (Array.isArray(part) ? Math.min(3, part.length) : Number(part !== undefined));

function storeOf(meta: readonly MetaEntry[]): ReturnType<typeof memoryStore> {
  const store = memoryStore();
  store.apply({ meta });
  return store;
}

function loaded(meta: readonly MetaEntry[]): unknown[] {
  const store = storeOf(meta);
  const [state, vector] = [loadState(store), loadVector(store)];
  const entries = vector === undefined ? undefined : [...vector.origins()].map((each) => vector.get(each)?.entry(each));
  // The wire takes whole numbers alone, in order.
  encodeVector((entries ?? []).filter((entry) => entry !== undefined));
  const spans = [...loadUnsettled(store).all()];
  assertThat(
    spans.every(([, { to, until }]) => isCount(to) && isCount(until)),
    'spans are whole numbers',
  );
  if (state !== undefined) {
    const { live, tombstones, count } = state.content;
    assertThat([state.ceiling, live, tombstones, count].every(isCount), 'the state has whole numbers');
  }
  return [state, entries, spans, loadPeers(store), loadFloors(store)?.all(), loadRetired(store)];
}

function savedAgain(meta: readonly MetaEntry[]): MetaEntry[] {
  const store = storeOf(meta);
  const [state, vector] = [loadState(store), loadVector(store)];
  return [
    ...meta,
    ...(state === undefined ? [] : [stateEntry(state)]),
    ...(vector === undefined ? [] : vectorEntries(vector, [...vector.origins()], true)),
    unsettledEntry(loadUnsettled(store)),
    peersEntry(loadPeers(store)),
  ];
}

export const keptTargets: readonly Target[] = [roster, metadata, lmdbRecord];
