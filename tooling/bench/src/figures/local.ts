import { DHTNode } from '@simpledht/node';
import { decodeValue, encodeValue } from '@simpledht/wire';
import { startCluster } from '../cluster.ts';
import type { MemberOptions } from '../roles/member.ts';
import { flat } from '../samples.ts';
import { median } from '../stats.ts';
import type { Row } from '../table.ts';

const value = new Uint8Array(100).fill(7);
const count = 200_000;
const warmCount = 20_000;
const keys: readonly string[] = Array.from({ length: count }, (_, i) => `key${String(i).padStart(17, '0')}`);

function perSecond(begunMs: number): number {
  return count / ((performance.now() - begunMs) / 1000);
}

interface Rates {
  readonly mapSet: number[];
  readonly mapUpdate: number[];
  readonly create: number[];
  readonly update: number[];
  readonly mapGet: number[];
  readonly read: number[];
  readonly mapGetFresh: number[];
  readonly readFresh: number[];
}

/** P3 the local call alone, and P4 reads, beside a bare Map of packed values. */
export async function localCalls(runs: number): Promise<Row[]> {
  const rates: Rates = {
    mapSet: [],
    mapUpdate: [],
    create: [],
    update: [],
    mapGet: [],
    read: [],
    mapGetFresh: [],
    readFresh: [],
  };
  for (let run = 0; run < runs; run++) await localRun(rates);
  return [
    putRow('new keys', rates.create, rates.mapSet, 350_000),
    putRow('updates', rates.update, rates.mapUpdate, 500_000),
    readRow('key strings that were used before', rates.read, rates.mapGet),
    readRow('key strings just made', rates.readFresh, rates.mapGetFresh),
  ];
}

function putRow(what: string, puts: readonly number[], bare: readonly number[], goal: number): Row {
  return {
    figure: `P3 put, local call alone, ${what}`,
    unit: '/s',
    runs: puts,
    beside: { name: 'bare Map set + pack', runs: bare },
    goal: `≥ ${goal.toLocaleString('en-US')}/s`,
    reached: median(puts) / goal,
  };
}

function readRow(what: string, reads: readonly number[], bare: readonly number[]): Row {
  return {
    figure: `P4 getSync, ${what}`,
    unit: '/s',
    runs: reads,
    beside: { name: 'bare Map get + unpack', runs: bare },
    goal: '≥ 0.7 × bare Map',
    reached: median(reads) / median(bare) / 0.7,
  };
}

async function localRun(rates: Rates): Promise<void> {
  const node = new DHTNode({ host: '127.0.0.1', port: 0 });
  await node.start();
  const bare = new Map<string, Uint8Array>();
  const timed = async (into: number[], work: () => unknown): Promise<void> => {
    const begunMs = performance.now();
    await work();
    into.push(perSecond(begunMs));
  };
  const sets = (): void => {
    for (const key of keys) bare.set(key, encodeValue(value, 1000));
  };
  const puts = async (): Promise<void> => {
    for (const key of keys) await node.put(key, value);
  };
  const mapGets = (from: readonly string[]): void => {
    for (const key of from) decodeValue(bare.get(key) ?? new Uint8Array());
  };
  const reads = (from: readonly string[]): void => {
    for (const key of from) node.getSync(key);
  };
  await timed(rates.mapSet, sets);
  await timed(rates.create, puts);
  await timed(rates.mapUpdate, sets);
  await timed(rates.update, puts);
  await timed(rates.mapGet, () => {
    mapGets(keys);
  });
  await timed(rates.read, () => {
    reads(keys);
  });
  // A Map remembers a string's hash in the string: programs mostly ask with one that they have just put together.
  const [forMap, forNode] = [keys.map(flat), keys.map(flat)];
  await timed(rates.mapGetFresh, () => {
    mapGets(forMap);
  });
  await timed(rates.readFresh, () => {
    reads(forNode);
  });
  await node.stop();
}

/** P3 in a cluster: from the first call until all three nodes hold every key. */
export async function sustainedPuts(runs: number): Promise<Row[]> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) rates.push(await sustainedOnce({}));
  return [
    {
      figure: 'P3 puts until all three nodes hold them',
      unit: '/s',
      runs: rates,
      goal: '≥ 200,000/s',
      reached: median(rates) / 200_000,
    },
  ];
}

export async function sustainedOnce(options: Pick<MemberOptions, 'secret'>): Promise<number> {
  const { members } = await startCluster(3, options);
  const [writer, ...others] = members;
  if (writer === undefined) throw new Error('no writer');
  // Sustained: what is compiled at the first few thousand is not what goes on.
  await writer.call('puts', 'warm', warmCount);
  await Promise.all(others.map((member) => member.call<number>('until', warmCount)));
  const begunUs = await writer.call<number>('now');
  await writer.call('puts', 'k', count);
  const ends = await Promise.all(others.map((member) => member.call<number>('until', warmCount + count)));
  for (const member of members) member.stop();
  return count / ((Math.max(...ends) - begunUs) / 1e6);
}
