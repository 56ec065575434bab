import { pathToFileURL } from 'node:url';
import { isNativeAccelerationEnabled, Packr } from 'msgpackr';
import {
  compareKeys,
  decodeMessage,
  decodeRecords,
  decodeValue,
  encodeMessage,
  encodeRecords,
  encodeValue,
  keySeparator,
  limits,
  type Delta,
  type NodeId,
  type Origin,
  type StoredRecord,
} from '@simpledht/wire';

/** One figure: the median of the rounds, beside the plain msgpackr that does the like in the same run. */
export interface Row {
  readonly name: string;
  /** Items of one call (records of a batch). */
  readonly items: number;
  readonly nanosecondsPerItem: number;
  /** msgpackr without checks and copies, or plain `<` for the comparison, per item. */
  readonly plainNanoseconds: number;
  /** Encoded bytes of one item, where the row encodes. */
  readonly bytesPerItem: number;
  readonly plainBytes: number;
}

const rounds = 7;
const roundMs = 60;
const plain = new Packr({ useRecords: false, variableMapSize: true, moreTypes: false, copyBuffers: true });

/** Keeps results alive for a while, so that the allocations are paid as they are in use. */
const kept = new Array<unknown>(32);
let turn = 0;

function keep(value: unknown): void {
  kept[turn++ & 31] = value;
}

function measure(items: number, run: () => unknown): number {
  const times: number[] = [];
  const calls = calibrate(run);
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) keep(run());
    times.push(Number(process.hrtime.bigint() - start) / calls / items);
  }
  return times.sort((a, b) => a - b)[rounds >> 1] ?? 0;
}

function calibrate(run: () => unknown): number {
  let calls = 1;
  for (;;) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < calls; call++) keep(run());
    const ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (ms > roundMs / 2) return Math.max(1, Math.round((calls * roundMs) / ms));
    calls *= 2;
  }
}

function sampleRecords(count: number): StoredRecord[] {
  const writer = 'a1'.repeat(16) as NodeId;
  const origin = (writer + '5e'.repeat(8)) as Origin;
  const value = encodeValue('v'.repeat(98), limits.maxValueBytes);
  return Array.from({ length: count }, (_, index) => {
    const key = `${keySeparator}user:${String(index).padStart(14, '0')}`;
    return { key, value, hlc: 8e14 + index, writer, expiresAt: 0, origin, seq: index + 1000 };
  });
}

function asArrays(records: readonly StoredRecord[]): unknown[] {
  return records.map((r) => [r.key, r.value, r.hlc, r.writer, r.expiresAt, r.origin, r.seq]);
}

function valueRows(name: string, value: unknown): Row[] {
  const bytes = encodeValue(value, limits.maxValueBytes);
  const plainBytes = Uint8Array.from(plain.pack(value));
  const sizes = { items: 1, bytesPerItem: bytes.length, plainBytes: plainBytes.length };
  return [
    {
      name: `${name}, encode`,
      ...sizes,
      nanosecondsPerItem: measure(1, () => encodeValue(value, limits.maxValueBytes)),
      plainNanoseconds: measure(1, () => plain.pack(value)),
    },
    {
      name: `${name}, decode`,
      ...sizes,
      nanosecondsPerItem: measure(1, () => decodeValue(bytes)),
      plainNanoseconds: measure(1, () => plain.unpack(plainBytes) as unknown),
    },
  ];
}

function batchRows(
  name: string,
  records: readonly StoredRecord[],
  encode: () => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): Row[] {
  const items = records.length;
  const bytes = encode();
  const arrays = asArrays(records);
  const plainBytes = Uint8Array.from(plain.pack(arrays));
  const sizes = { items, bytesPerItem: bytes.length / items, plainBytes: plainBytes.length / items };
  return [
    {
      name: `${name}, encode`,
      ...sizes,
      nanosecondsPerItem: measure(items, encode),
      plainNanoseconds: measure(items, () => plain.pack(asArrays(records))),
    },
    {
      name: `${name}, decode`,
      ...sizes,
      nanosecondsPerItem: measure(items, () => decode(bytes)),
      plainNanoseconds: measure(items, () => plain.unpack(plainBytes) as unknown),
    },
  ];
}

function deltaRows(count: number): Row[] {
  const records = sampleRecords(count);
  const origin = records[0]?.origin ?? ('' as Origin);
  const delta: Delta = { kind: 'delta', ranges: [{ origin, from: 999, to: 999 + count }], records };
  return batchRows(`delta of ${String(count)}`, records, () => encodeMessage(delta), decodeMessage);
}

/** Measures everything; takes about 15 s. */
export function run(): Promise<readonly Row[]> {
  const object = { name: 'Ada Lovelace', email: 'ada@example.org', age: 36, tags: ['x', 'y', 'z'], active: true };
  const records = sampleRecords(100);
  const put = {
    kind: 'client-put',
    namespace: '',
    key: 'user:000000000000001',
    value: encodeValue('v'.repeat(98), limits.maxValueBytes),
    ttlMs: 0,
    acks: 'local',
    timeoutMs: 5000,
  } as const;
  const putFields = [put.namespace, put.key, put.value, put.ttlMs, 0, put.timeoutMs];
  const putBody = encodeMessage(put);
  const plainPut = Uint8Array.from(plain.pack(putFields));
  const left = `user:${'1'.padStart(15, '0')}`;
  const right = `user:${'2'.padStart(15, '0')}`;
  return Promise.resolve([
    ...valueRows('value: string of 98', 'v'.repeat(98)),
    ...valueRows('value: small object', object),
    ...valueRows('value: number', 42),
    ...valueRows('value: 100 KB text', 'lorem ipsum '.repeat(8500)),
    ...valueRows(
      'value: 1,000 small objects',
      Array.from({ length: 1000 }, (_, id) => ({ id, name: `item ${String(id)}` })),
    ),
    ...batchRows('records, batch of 100', records, () => encodeRecords(records), decodeRecords),
    ...deltaRows(1),
    ...deltaRows(100),
    ...deltaRows(500),
    {
      name: 'client-put, encode',
      items: 1,
      bytesPerItem: putBody.length,
      plainBytes: plainPut.length,
      nanosecondsPerItem: measure(1, () => encodeMessage(put)),
      plainNanoseconds: measure(1, () => plain.pack(putFields)),
    },
    {
      name: 'client-put, decode',
      items: 1,
      bytesPerItem: putBody.length,
      plainBytes: plainPut.length,
      nanosecondsPerItem: measure(1, () => decodeMessage(putBody)),
      plainNanoseconds: measure(1, () => plain.unpack(plainPut) as unknown),
    },
    {
      name: 'compareKeys, 20 characters',
      items: 1,
      bytesPerItem: 0,
      plainBytes: 0,
      nanosecondsPerItem: measure(1, () => compareKeys(left, right)),
      plainNanoseconds: measure(1, () => (left < right ? -1 : 1)),
    },
  ]);
}

/** The rows as a table. */
export function format(rows: readonly Row[]): string {
  const native = isNativeAccelerationEnabled ? 'with' : 'without';
  const title = `Node.js ${process.version}, msgpackr ${native} its native helper; plain is msgpackr alone, per item`;
  return [title, line('', 'ns', 'plain', 'ratio', 'bytes', 'plain'), ...rows.map(formatRow)].join('\n');
}

function formatRow(row: Row): string {
  const numbers = [row.nanosecondsPerItem.toFixed(0), row.plainNanoseconds.toFixed(0)];
  const ratio = (row.nanosecondsPerItem / row.plainNanoseconds).toFixed(2);
  return line(row.name, ...numbers, ratio, row.bytesPerItem.toFixed(1), row.plainBytes.toFixed(1));
}

function line(name: string, ...columns: readonly string[]): string {
  return name.padEnd(36) + columns.map((column) => column.padStart(11)).join('');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${format(await run())}\n`);
}
