import { createTestCluster, type TestCluster } from '@simpledht/node/testing';
import { median } from '../stats.ts';
import { keyOf, valueOf } from '../samples.ts';
import type { Row } from '../table.ts';

const value = valueOf(100);
/** Key and value: what a record says, without what describes it. */
const recordBytes = 120;
/** Fixed part of the goal. */
const allowance = 1024;
/** One way, always the same: where datagrams overtake each other some are taken for lost and sent twice. */
const delayMs = 0.2;
/** Writes between two looks at the virtual clock: an await in virtual time lets nothing through. */
const together = 1000;

/**
 * P10: what two nodes exchange from the moment they hear each other again until both hold the same, when one of them
 * missed some records. In virtual time on the network in memory, so that the bytes are counted and not sampled.
 */
export async function catchingUp(runs: number, size: number): Promise<Row[]> {
  const bytes = new Map<number, number[]>();
  for (let run = 0; run < runs; run++) {
    // Room for what is written while one is away, beyond the keys that are there.
    const node = (): { readonly maxKeys: number } => ({ maxKeys: 2 * size + 200_000 });
    const cluster = await createTestCluster(2, { seed: run + 1, delayMs: [delayMs, delayMs], node });
    await write(cluster, 'k', size);
    await cluster.until(() => isWhole(cluster));
    for (const missed of [0, 1, 10, 100, 1000, 10_000, 100_000]) {
      bytes.set(missed, [...(bytes.get(missed) ?? []), await bytesAfter(cluster, missed)]);
    }
    await cluster.stop();
  }
  return Array.from(bytes, ([missed, counted]) => rowOf(missed, size, counted));
}

/** Cuts the second node off, writes, lets both meet again and counts bytes both ways, all layers and headers in. */
async function bytesAfter(cluster: TestCluster, missed: number): Promise<number> {
  const nodes = [cluster.node(0), cluster.node(1)];
  cluster.partition([0], [1]);
  await cluster.until(() => nodes.every((node) => node.info().alive === 1));
  await write(cluster, `m${String(missed)}-`, missed);
  const before = cluster.network.counters.bytes;
  cluster.heal();
  await cluster.until(() => nodes.every((node) => node.info().alive === 2 && node.peers[0]?.inSync === true));
  await cluster.until(() => isWhole(cluster));
  return cluster.network.counters.bytes - before;
}

function isWhole(cluster: TestCluster): boolean {
  return cluster.node(0).size === cluster.node(1).size;
}

async function write(cluster: TestCluster, prefix: string, count: number): Promise<void> {
  const [node] = cluster.nodes;
  for (let i = 0; i < count; i += together) {
    const calls: Promise<unknown>[] = [];
    for (let at = i; at < Math.min(count, i + together); at++) {
      const call = node?.put(keyOf(prefix, at), value);
      if (call !== undefined) calls.push(call);
    }
    await cluster.settle(Promise.all(calls));
  }
}

function rowOf(missed: number, size: number, bytes: readonly number[]): Row {
  const goal = 2 * missed * recordBytes + allowance;
  return {
    figure: `P10 catching up, ${missed.toLocaleString('en-US')} missed of ${size.toLocaleString('en-US')}`,
    unit: 'bytes',
    runs: bytes,
    ...(missed === 0
      ? { goal: 'none: what meeting again takes by itself' }
      : {
          beside: { name: 'records missed', runs: [missed * recordBytes] },
          goal: '≤ 2 × the records missed + 1 KB',
          reached: goal / median(bytes),
        }),
  };
}
