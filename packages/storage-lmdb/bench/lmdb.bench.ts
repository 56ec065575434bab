import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createNode } from '@simpledht/node';
import type { NodeId, Origin, StoredRecord } from '@simpledht/wire';
import { lmdbStore } from '../src/index.ts';

/** One line of the table. */
interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** Records of the large store; the first argument is another number. */
const entries = Number(process.argv[2] ?? 1_000_000);
const batchSize = 1_000;
const value = new Uint8Array(100).fill(7);
const writer = '0a'.repeat(16) as NodeId;
const origin = `${writer}${'01'.repeat(8)}` as Origin;
const folder = mkdtempSync(join(tmpdir(), 'simpledht-bench-'));

function keyOf(index: number): string {
  return `\u0000user:${String((index * 7919) % entries).padStart(14, '0')}`;
}

function recordAt(index: number): StoredRecord {
  return { key: keyOf(index), value, hlc: 8e14 + index, writer, expiresAt: 0, origin, seq: index + 1 };
}

async function msOf(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function throughNode(): Promise<Row[]> {
  const store = lmdbStore({ path: join(folder, 'node') });
  const node = await createNode({ host: '127.0.0.1', port: 0, store });
  const put = (index: number): Promise<unknown> => node.put(`key ${String(index)}`, { index, text: 'x'.repeat(80) });
  const alone: number[] = [];
  for (let index = 0; index < 500; index++)
    alone.push(
      await msOf(async () => {
        await put(index);
      }),
    );
  alone.sort((a, b) => a - b);
  const rows: Row[] = [
    { name: 'node.put awaited alone, p50', value: (alone[250] ?? 0) * 1_000, unit: 'µs' },
    { name: 'node.put awaited alone, p99', value: (alone[495] ?? 0) * 1_000, unit: 'µs' },
  ];
  for (const inFlight of [64, 1_024, 16_384]) {
    const count = 65_536;
    const ms = await msOf(async () => {
      let next = 0;
      const writeOn = async (): Promise<void> => {
        while (next < count) await put(next++);
      };
      await Promise.all(Array.from({ length: inFlight }, writeOn));
    });
    rows.push({
      name: `node.put, ${inFlight.toLocaleString('en')} in flight`,
      value: (count / ms) * 1_000,
      unit: 'puts/s',
    });
  }
  await node.stop();
  return rows;
}

async function largeStore(): Promise<Row[]> {
  const path = join(folder, 'large');
  const store = lmdbStore({ path });
  const written = await msOf(async () => {
    for (let from = 0; from < entries; from += batchSize) {
      store.apply({ records: Array.from({ length: batchSize }, (_, offset) => recordAt(from + offset)) });
      await store.flush();
    }
  });
  await store.close();
  const bytes = statSync(join(path, 'data.mdb')).size;
  let again = store;
  const openMs = await msOf(() => {
    again = lmdbStore({ path });
  });
  const reads = 200_000;
  let sink = 0;
  const readMs = await msOf(() => {
    for (let index = 0; index < reads; index++) sink += again.get(keyOf(index * 3))?.value?.length ?? 0;
  });
  const scanMs = await msOf(() => {
    for (const record of again.range()) sink += record.seq;
  });
  const sinceMs = await msOf(() => {
    sink += again.since(origin, entries >> 1, 100_000).length;
  });
  if (sink === 0) throw new Error('nothing was read');
  const name = (what: string): string => `${what} (${entries.toLocaleString('en')} records)`;
  const rows = [
    { name: name('batches of 1,000, each flushed'), value: (entries / written) * 1_000, unit: 'records/s' },
    { name: name('open'), value: openMs, unit: 'ms' },
    { name: name('get and its value'), value: (reads / readMs) * 1_000, unit: '/s' },
    { name: name('range'), value: (entries / scanMs) * 1_000, unit: 'records/s' },
    {
      name: name('since, 100,000'),
      value: (Math.min(100_000, entries - (entries >> 1)) / sinceMs) * 1_000,
      unit: 'records/s',
    },
    { name: name('on disk'), value: bytes / entries, unit: 'bytes/record' },
  ];
  await again.close();
  return [...rows, ...heap(path, name)];
}

/** What an open store keeps in this process; needs `--expose-gc`. */
function heap(path: string, name: (what: string) => string): Row[] {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc === undefined) return [];
  const used = (): number => {
    for (let times = 0; times < 4; times++) gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const store = lmdbStore({ path });
  for (const record of store.range()) if (record.seq === 0) throw new Error('no number');
  const row = { name: name('heap of an open store, all read'), value: (used() - before) / 1_024, unit: 'KiB' };
  void store.close();
  return [row];
}

try {
  for (const { name, value: figure, unit } of [...(await throughNode()), ...(await largeStore())])
    process.stdout.write(`${name.padEnd(58)} ${Math.round(figure).toLocaleString('en').padStart(10)} ${unit}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
