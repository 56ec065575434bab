import { Child } from '../child.ts';
import { startCluster } from '../cluster.ts';
import type { Held } from '../heap.ts';
import type { Cost } from '../roles/holder.ts';
import { show } from '../stats.ts';
import { printLines } from '../table.ts';
import { joinOnce } from './spread.ts';

/** One size of cluster, map and value. */
interface Size {
  readonly nodes: number;
  readonly keys: number;
  readonly bytes: number;
}

const base: Size = { nodes: 3, keys: 50_000, bytes: 100 };
const warmKeys = 5000;
/** Goals of P3, P4, P6 and P7, for 100-byte values; a larger value is compared by its bytes as well. */
const goals = { putsPerSecond: 200_000, readShare: 0.7, joinedPerSecond: 400_000, memoryShare: 1 };

const head = [
  'nodes',
  'keys',
  'value',
  'puts/s until all hold them',
  `of ${show(goals.putsPerSecond)}`,
  'getSync/s',
  `of ${String(goals.readShare)} × bare`,
  'join',
  `of ${show(goals.joinedPerSecond)} keys/s`,
  'bytes per entry',
  'of bare Map',
];

/** P12: one dimension after the other, the rest as in the first row. One run each. */
export async function growth(isFull: boolean): Promise<void> {
  const sizes: Size[] = [
    base,
    ...[2, 5, 10].map((nodes) => ({ ...base, nodes })),
    ...[1000, 10_000, 200_000, ...(isFull ? [1_000_000] : [])].map((keys) => ({ ...base, keys })),
    // As many as make 50 MB.
    { ...base, bytes: 1024 },
    { ...base, bytes: 10_240, keys: 5000 },
    { ...base, bytes: 102_400, keys: 500 },
  ];
  const lines: string[][] = [];
  for (const size of sizes) lines.push(await lineOf(size));
  printLines('P12 how it grows', head, lines);
}

async function lineOf({ nodes, keys, bytes }: Size): Promise<string[]> {
  const { members, address } = await startCluster(nodes);
  const [writer, ...others] = members;
  if (writer === undefined) throw new Error('no writer');
  // Compiled code is no entry's cost, and a cluster that has run for a while is what the figures are for.
  await writer.call('puts', 'warm', warmKeys, 100);
  await Promise.all(others.map((member) => member.call('until', warmKeys)));
  const before = await writer.call<Held>('held');
  const begunUs = await writer.call<number>('now');
  await writer.call('puts', 'k', keys, bytes);
  const ends = await Promise.all(others.map((member) => member.call<number>('until', warmKeys + keys)));
  const seconds = (Math.max(...ends) - begunUs) / 1e6;
  const after = await writer.call<Held>('held');
  const reads = await writer.call<number>('reads', 'k', keys);
  const joined = await joinOnce(warmKeys + keys, { bootstrap: [address] });
  for (const member of members) member.stop();
  const { cost, bareReads } = await bareOf(keys, bytes);
  const perEntry = (after.bytes - before.bytes) / keys;
  return [
    String(nodes),
    keys.toLocaleString('en-US'),
    `${bytes.toLocaleString('en-US')} B`,
    `${show(keys / seconds)} (${show((keys * bytes) / seconds / 1e6)} MB/s)`,
    show(keys / seconds / goals.putsPerSecond),
    show(reads),
    show(reads / bareReads / goals.readShare),
    `${show(joined)} s (${show((keys + warmKeys) / joined)} keys/s)`,
    show((keys + warmKeys) / joined / goals.joinedPerSecond),
    show(perEntry),
    show((cost.bytes / perEntry) * goals.memoryShare),
  ];
}

async function bareOf(keys: number, bytes: number): Promise<{ cost: Cost; bareReads: number }> {
  const holder = new Child('holder');
  const cost = await holder.call<Cost>('bare', keys, bytes);
  const bareReads = await holder.call<number>('bareReads', keys, bytes);
  holder.stop();
  return { cost, bareReads };
}
