import type { Failure } from './batch.ts';
import { faultTypes } from './plan/plan.ts';
import type { Tally } from './run/tally.ts';

export interface Summary {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
  readonly cpuMs: number;
}

const resurrecting = ['resurrected', 'expired and shown'];
const losing = ['lost a write', 'false acknowledgement', 'never answered'];
const diverging = ['divergent', 'wrong sum', 'never ready', 'not one cluster', 'not settled'];

/** What all runs came to, as Markdown. */
export function table({ tally, failures, cpuMs }: Summary): string {
  const count = (invariants: readonly string[]): number =>
    failures.filter(({ invariant }) => invariants.includes(invariant)).length;
  const [lost, resurrected, divergent] = [count(losing), count(resurrecting), count(diverging)];
  const rows: readonly (readonly [string, string])[] = [
    ['runs', grouped(tally.runs)],
    ['of these with a secret', grouped(tally.sealed)],
    ['of these two versions', grouped(tally.mixed)],
    ['virtual hours', (tally.virtualMs / 3_600_000).toFixed(1)],
    ['speed on one core', `${(tally.virtualMs / cpuMs).toFixed(0)} × real time`],
    ['datagrams', grouped(tally.datagrams)],
    ['operations', grouped(tally.operations)],
    ['acknowledged writes', grouped(tally.acknowledged)],
    ['of these by relay', grouped(tally.relayed)],
    ['refused or in doubt', grouped(tally.refused)],
    ['back with strangers', grouped(tally.estranged)],
    ['lost', String(lost)],
    ['resurrected', String(resurrected)],
    ['divergent', String(divergent)],
    ['other broken promises', String(failures.length - lost - resurrected - divergent)],
    ['convergence, median', seconds(quantile(tally.convergenceMs, 0.5))],
    ['convergence, 99 of 100', seconds(quantile(tally.convergenceMs, 0.99))],
    ['slowest convergence', `${seconds(tally.slowestMs)} (seed ${String(tally.slowestSeed)})`],
    ...faultTypes.map((type) => [`fault: ${type}`, grouped(tally.faults[type] ?? 0)] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    '| figure | value |',
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${name.padEnd(width)} | ${value} |`),
  ].join('\n');
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
