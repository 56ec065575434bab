import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Child } from '../child.ts';
import type { Cost } from '../roles/holder.ts';
import { median } from '../stats.ts';
import { hasDiskStore } from '../store.ts';
import type { Row } from '../table.ts';

const valueBytes = 100;

/** P7: what an entry costs, beside the same in a bare Map. Each run is a new process. */
export async function memory(runs: number, count: number): Promise<Row[]> {
  const bare: Cost[] = [];
  const node: Cost[] = [];
  const disk: Cost[] = [];
  const hasDisk = await hasDiskStore();
  for (let run = 0; run < runs; run++) {
    bare.push(await inHolder('bare', count));
    node.push(await inHolder('node', count));
    if (hasDisk) disk.push(await onDisk(count));
  }
  const name = count.toLocaleString('en-US');
  return [
    ...rowsOf(`P7 memory, entry of ${name}`, node, bare),
    ...(hasDisk ? rowsOf(`P7 memory, LMDB, entry of ${name}`, disk, bare) : []),
  ];
}

function rowsOf(figure: string, costs: readonly Cost[], bare: readonly Cost[]): Row[] {
  const of = (from: readonly Cost[], part: keyof Cost): number[] => from.map((cost) => cost[part]);
  return [
    {
      figure: `${figure}, heap and buffers`,
      unit: 'bytes',
      runs: of(costs, 'bytes'),
      beside: { name: 'bare Map', runs: of(bare, 'bytes') },
      goal: '≤ 1.0 × bare Map',
      reached: median(of(bare, 'bytes')) / median(of(costs, 'bytes')),
    },
    {
      figure: `${figure}, resident`,
      unit: 'bytes',
      runs: of(costs, 'resident'),
      beside: { name: 'bare Map', runs: of(bare, 'resident') },
      goal: 'none: printed beside',
    },
  ];
}

async function inHolder(what: 'bare' | 'node', count: number, data?: string): Promise<Cost> {
  const holder = new Child('holder');
  const cost = await holder.call<Cost>(what, count, valueBytes, ...(data === undefined ? [] : [data]));
  holder.stop();
  return cost;
}

async function onDisk(count: number): Promise<Cost> {
  const folder = mkdtempSync(path.join(tmpdir(), 'simpledht-bench-'));
  try {
    return await inHolder('node', count, path.join(folder, 'data'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
