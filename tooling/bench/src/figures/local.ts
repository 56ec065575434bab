import { DHTNode } from '@simpledht/node';
import { decodeValue, encodeValue } from '@simpledht/wire';
import { startCluster } from '../cluster.ts';
import { median } from '../stats.ts';
import type { Row } from '../table.ts';

const value = new Uint8Array(100).fill(7);
const count = 200_000;
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
}

/** P3 the local call alone, and P4 reads, beside a bare Map of packed values. */
export async function localCalls(runs: number): Promise<Row[]> {
  const rates: Rates = { mapSet: [], mapUpdate: [], create: [], update: [], mapGet: [], read: [] };
  for (let run = 0; run < runs; run++) await localRun(rates);
  const { mapSet, mapUpdate, create, update, mapGet, read } = rates;
  const setting = { name: 'bare Map set + pack', runs: mapSet };
  const updating = { name: 'bare Map set + pack', runs: mapUpdate };
  const getting = { name: 'bare Map get + unpack', runs: mapGet };
  const share = median(read) / median(mapGet);
  return [
    {
      figure: 'P3 put, local call alone, new keys',
      unit: '/s',
      runs: create,
      beside: setting,
      goal: '≥ 350,000/s',
      reached: median(create) / 350_000,
    },
    {
      figure: 'P3 put, local call alone, updates',
      unit: '/s',
      runs: update,
      beside: updating,
      goal: '≥ 500,000/s',
      reached: median(update) / 500_000,
    },
    { figure: 'P4 getSync', unit: '/s', runs: read, beside: getting, goal: '≥ 0.7 × bare Map', reached: share / 0.7 },
  ];
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
  await timed(rates.mapSet, sets);
  await timed(rates.mapUpdate, sets);
  await timed(rates.create, puts);
  await timed(rates.update, puts);
  await timed(rates.mapGet, () => {
    for (const key of keys) decodeValue(bare.get(key) ?? new Uint8Array());
  });
  await timed(rates.read, () => {
    for (const key of keys) node.getSync(key);
  });
  await node.stop();
}

/** P3 in a cluster: from the first call until all three nodes hold every key. */
export async function sustainedPuts(runs: number): Promise<Row[]> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { members } = await startCluster(3);
    const [writer, ...others] = members;
    if (writer === undefined) throw new Error('no writer');
    const begunUs = await writer.call<number>('now');
    await writer.call('puts', 'k', count);
    const ends = await Promise.all(others.map((member) => member.call<number>('until', count)));
    rates.push(count / ((Math.max(...ends) - begunUs) / 1e6));
    for (const member of members) member.stop();
  }
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
