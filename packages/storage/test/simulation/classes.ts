import type { ReplicaSettings } from '../../src/index.ts';

/** Chances of faults, each step of about 50 ms. */
export interface FaultRates {
  readonly partition: number;
  readonly heal: number;
  readonly crash: number;
  readonly restart: number;
  /** Membership is wrong about somebody for a while. */
  readonly flap: number;
  /** A node's wall clock jumps. */
  readonly clockStep: number;
  /** A copy of a disk is made, to be put back by a later restart. */
  readonly snapshot: number;
  /** A record vanishes from a store behind its replica's back. */
  readonly damage: number;
  /** An empty node joins; a node leaves for good. */
  readonly join: number;
  readonly leave: number;
}

/** What may happen in the runs of one class. Everything else (loss, delays, sizes, skew) is drawn by seed. */
export interface RunClass {
  readonly name: string;
  readonly rates: Partial<FaultRates>;
  readonly settings?: Partial<ReplicaSettings>;
  /** Share of the restarts that find an empty disk. */
  readonly wipes?: number;
  /** Stores are memory: every restart finds an empty one. */
  readonly volatile?: boolean;
  /** Longest time to the disk, ms. */
  readonly flushMs?: number;
  /** Share of the crashes that take back what the disk said was durable. */
  readonly torn?: number;
  /** Share of the restarts that find the last snapshot: marked as a copy, or a bare copy of the files. */
  readonly restores?: { readonly marked: number; readonly bare: number };
  /** Share of the puts that expire. */
  readonly expiring?: number;
  readonly deletes?: number;
  /** One node stays away for longer than the others wait with their purging. */
  readonly traveller?: boolean;
  /** The clock of one node is off by minutes. */
  readonly farClock?: boolean;
  /** A node is gone for good before everything heals, in this share of the runs. */
  readonly mortal?: number;
  /** A record vanishes from one converged replica when everything has healed. */
  readonly lateDamage?: boolean;
  /** Every tombstone has to be purged in the end. */
  readonly purges: boolean;
}

const usual: Partial<FaultRates> = { partition: 0.03, heal: 0.03, crash: 0.03, restart: 0.05, flap: 0.04 };

/** Purging at the pace of a run: seconds instead of hours. */
const hasty: Partial<ReplicaSettings> = {
  purgeIntervalMs: 300,
  digestIntervalMs: 400,
  digestMaxIntervalMs: 2_000,
  repairIntervalMs: 3_000,
  recountIntervalMs: 2_000,
  unsettledPatienceMs: 1_000,
  maxGoneOrigins: 2,
  retireIntervalMs: 700,
};

export const runClasses: readonly RunClass[] = [
  {
    name: 'classic',
    rates: usual,
    wipes: 0.1,
    mortal: 0.25,
    purges: false,
    settings: { repairIntervalMs: 5_000, unsettledPatienceMs: 2_000 },
  },
  { name: 'disk', rates: { ...usual, clockStep: 0.01 }, flushMs: 60, mortal: 0.2, purges: true, settings: hasty },
  { name: 'purge', rates: usual, deletes: 0.5, wipes: 0.1, purges: true, settings: hasty },
  { name: 'mortal', rates: usual, deletes: 0.5, mortal: 1, purges: true, settings: hasty },
  { name: 'ttl', rates: usual, expiring: 0.4, deletes: 0.2, purges: true, settings: hasty },
  {
    name: 'members',
    rates: { ...usual, join: 0.015, leave: 0.006 },
    deletes: 0.4,
    purges: true,
    settings: hasty,
  },
  { name: 'volatile', rates: usual, volatile: true, deletes: 0.4, purges: true, settings: hasty },
  {
    name: 'away',
    // Nobody is taken for dead by mistake: who is, is away as well.
    rates: { ...usual, restart: 0.3, partition: 0.02, heal: 0.2, flap: 0 },
    deletes: 0.5,
    traveller: true,
    purges: true,
    settings: { ...hasty, tombstoneGraceMs: 3_000, volatileGraceMs: 3_000 },
  },
  { name: 'torn', rates: usual, flushMs: 40, torn: 0.3, deletes: 0.4, purges: true, settings: hasty },
  {
    name: 'clone',
    rates: { ...usual, snapshot: 0.02, join: 0.01 },
    restores: { marked: 0.2, bare: 0.2 },
    deletes: 0.4,
    purges: true,
    settings: hasty,
  },
  {
    name: 'damage',
    rates: { ...usual, damage: 0.02 },
    lateDamage: true,
    deletes: 0.4,
    purges: true,
    settings: hasty,
  },
  { name: 'clocks', rates: { ...usual, clockStep: 0.01 }, farClock: true, deletes: 0.4, purges: true, settings: hasty },
  {
    name: 'mixed',
    rates: { ...usual, clockStep: 0.01, snapshot: 0.01, join: 0.008, leave: 0.004 },
    flushMs: 40,
    torn: 0.1,
    wipes: 0.05,
    restores: { marked: 0.05, bare: 0.05 },
    expiring: 0.2,
    deletes: 0.3,
    purges: true,
    settings: hasty,
  },
];

export function runClass(name: string): RunClass {
  const found = runClasses.find((candidate) => candidate.name === name);
  if (found === undefined)
    throw new Error(`no class ${name}; there are ${runClasses.map((one) => one.name).join(', ')}`);
  return found;
}
