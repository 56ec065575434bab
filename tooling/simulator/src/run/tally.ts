import type { Plan } from '../plan/plan.ts';

const summed = [
  ...(['runs', 'sealed', 'mixed', 'virtualMs', 'datagrams'] as const),
  ...(['operations', 'acknowledged', 'relayed', 'refused', 'estranged'] as const),
];

/** What runs came to; adds up. */
export class Tally {
  runs = 0;
  virtualMs = 0;
  /** With a secret, and with two versions of the protocol. */
  sealed = 0;
  mixed = 0;
  datagrams = 0;
  operations = 0;
  acknowledged = 0;
  /** Acknowledged to all or some, and overwritten before every counted member held the write itself. */
  relayed = 0;
  refused = 0;
  /** Keys that were deleted, and came back with members of whom the one that deleted them had never heard. */
  estranged = 0;
  /** From the end of all faults to agreement, the slowest, virtual ms. */
  slowestMs = 0;
  slowestSeed = 0;
  readonly convergenceMs: number[] = [];
  readonly faults: Record<string, number> = {};

  begun({ setting }: Plan): void {
    this.runs = 1;
    this.sealed = setting.sealed ? 1 : 0;
    this.mixed = setting.mixed === true ? 1 : 0;
  }

  fault(type: string): void {
    this.faults[type] = (this.faults[type] ?? 0) + 1;
  }

  converged(seed: number, tookMs: number): void {
    this.convergenceMs.push(Math.round(tookMs));
    if (tookMs <= this.slowestMs) return;
    this.slowestMs = tookMs;
    this.slowestSeed = seed;
  }

  /** `other` may be plain data, from another process. */
  add(other: Omit<Tally, 'add' | 'begun' | 'fault' | 'converged'>): void {
    for (const name of summed) this[name] += other[name];
    for (const [type, count] of Object.entries(other.faults)) this.faults[type] = (this.faults[type] ?? 0) + count;
    this.convergenceMs.push(...other.convergenceMs);
    if (other.slowestMs <= this.slowestMs) return;
    this.slowestMs = other.slowestMs;
    this.slowestSeed = other.slowestSeed;
  }
}
