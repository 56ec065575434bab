import { performance } from 'node:perf_hooks';
import type { Delta, NodeId, Origin, StoredRecord } from '@simpledht/wire';
import { memoryStore, Replica, type ReplicaEffect } from '../src/index.ts';

/** One line of the table: what was measured, in the unit named, and how it compares to the limit of the same run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Value ÷ the limit's value, where there is a limit. */
  readonly ratio?: number;
}

const entries = 100_000;
const rounds = 5;
const keys = Array.from(
  { length: entries },
  (_, index) => `\u0000user:${String((index * 7919) % entries).padStart(14, '0')}`,
);
const value = new Uint8Array(100).fill(7);
const wallMs = Date.now();

function nodeId(index: number): NodeId {
  return index.toString(16).padStart(2, '0').repeat(16) as NodeId;
}

function replica(index: number, alone = true): Replica {
  return new Replica({
    id: nodeId(index),
    store: memoryStore(),
    random: Math.random,
    randomBytes: (count) => new Uint8Array(count).fill(index),
    alone,
  });
}

/** Operations per second of the median round. */
function rate(operations: number, prepare: () => () => void): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const work = prepare();
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return operations / ((times.sort((a, b) => a - b)[rounds >> 1] ?? 0) / 1_000);
}

function filled(index = 1): Replica {
  const core = replica(index);
  for (const key of keys) core.put({ key, value, expiresAt: 0 }, wallMs);
  return core;
}

function writes(): Row[] {
  const bareNew = rate(entries, () => () => {
    const map = new Map<string, Uint8Array>();
    for (const key of keys) map.set(key, value.slice());
  });
  const putNew = rate(entries, () => {
    const core = replica(1);
    return () => {
      for (const key of keys) core.put({ key, value, expiresAt: 0 }, wallMs);
    };
  });
  const putOld = rate(entries, () => {
    const core = filled();
    return () => {
      for (const key of keys) core.put({ key, value, expiresAt: 0 }, wallMs);
    };
  });
  return [
    { name: 'bare Map set, new keys', value: bareNew, unit: '/s' },
    { name: 'Replica.put, new keys', value: putNew, unit: '/s', ratio: putNew / bareNew },
    { name: 'Replica.put, updates', value: putOld, unit: '/s', ratio: putOld / bareNew },
  ];
}

function reads(): Row[] {
  const map = new Map(keys.map((key) => [key, value.slice()]));
  const core = filled();
  let sink = 0;
  const bare = rate(entries, () => () => {
    for (const key of keys) sink += map.get(key)?.length ?? 0;
  });
  const get = rate(entries, () => () => {
    for (const key of keys) sink += core.get(key, wallMs)?.seq ?? 0;
  });
  const withValue = rate(entries, () => () => {
    for (const key of keys) sink += core.get(key, wallMs)?.value?.length ?? 0;
  });
  const scan = rate(entries, () => () => {
    for (const record of core.range({}, wallMs)) sink += record.seq;
  });
  if (sink === 0) throw new Error('nothing was read');
  return [
    { name: 'bare Map get', value: bare, unit: '/s' },
    { name: 'Replica.get', value: get, unit: '/s', ratio: get / bare },
    { name: 'Replica.get and its value', value: withValue, unit: '/s', ratio: withValue / bare },
    { name: 'Replica.range, records', value: scan, unit: '/s' },
  ];
}

function merges(): Row[] {
  const origin = (nodeId(2) + '0'.repeat(16)) as Origin;
  const records = keys.map((key, index): StoredRecord => {
    return { key, value, hlc: 8e14 + index, writer: nodeId(2), expiresAt: 0, origin, seq: index + 1 };
  });
  const deltas: Delta[] = [];
  for (let from = 0; from < entries; from += 500) {
    deltas.push({
      kind: 'delta',
      ranges: [{ origin, from, to: from + 500 }],
      records: records.slice(from, from + 500),
    });
  }
  const merge = rate(entries, () => {
    const core = replica(1);
    const now = { monotonicMs: 0, wallMs };
    return () => {
      for (const message of deltas) core.handle({ type: 'request', peer: nodeId(2), message, exchange: 1 }, now);
    };
  });
  return [{ name: 'merge of deltas of 500 new records', value: 1e9 / merge, unit: 'ns/record' }];
}

/** Two cores that hand each other objects: what the protocol itself costs, without bytes. */
function join(): Row[] {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = filled(1);
    const joiner = replica(2, false);
    const start = performance.now();
    connect(server, joiner);
    if (joiner.size !== entries) throw new Error(`joined with ${String(joiner.size)} records`);
    times.push(performance.now() - start);
  }
  const median = times.sort((a, b) => a - b)[rounds >> 1] ?? 0;
  return [{ name: `join of ${String(entries)} records, core to core`, value: median, unit: 'ms' }];
}

function connect(server: Replica, joiner: Replica): void {
  const now = { monotonicMs: 0, wallMs };
  joiner.handle({ type: 'peer-up', peer: nodeId(1) }, now);
  let effects = turn(joiner, now);
  while (!joiner.ready) {
    for (const effect of effects) {
      if (effect.type !== 'request') continue;
      for (const { exchange } of effect.targets) {
        server.handle({ type: 'request', peer: nodeId(2), message: effect.message, exchange }, now);
        for (const reply of turn(server, now)) {
          if (reply.type === 'reply') joiner.handle({ type: 'answered', exchange, message: reply.message }, now);
        }
      }
    }
    effects = turn(joiner, now);
  }
}

function turn(core: Replica, now: { monotonicMs: number; wallMs: number }): readonly ReplicaEffect[] {
  core.flush(now);
  return core.take();
}

/** Heap and buffers per entry; needs `--expose-gc`. */
function memory(): Row[] {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return [];
  const used = (make: () => unknown): number => {
    // Buffers of dead arrays are given back some collections later.
    for (let times = 0; times < 4; times++) gc();
    const before = process.memoryUsage();
    const held = make();
    for (let times = 0; times < 4; times++) gc();
    const after = process.memoryUsage();
    if (held === undefined) throw new Error('nothing is held');
    return (after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) / entries;
  };
  const full = used(() => filled());
  const bare = used(() => new Map(keys.map((key) => [key, value.slice()])));
  return [
    { name: 'bare Map, 100-byte values', value: bare, unit: 'bytes/entry' },
    { name: 'Replica with memory store', value: full, unit: 'bytes/entry', ratio: full / bare },
  ];
}

/** Everything here, medians of five rounds. */
export function run(): Promise<readonly Row[]> {
  return Promise.resolve([...memory(), ...writes(), ...reads(), ...merges(), ...join()]);
}

if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split('/').at(-1) ?? ' ')) {
  for (const { name, value: figure, unit, ratio } of await run()) {
    const share = ratio === undefined ? '' : `  × ${ratio.toFixed(2)}`;
    process.stdout.write(
      `${name.padEnd(44)} ${Math.round(figure).toLocaleString('en').padStart(12)} ${unit}${share}\n`,
    );
  }
}
