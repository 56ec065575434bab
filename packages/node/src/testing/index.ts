export { createTestCluster, TestCluster } from './cluster.ts';
export type { RestartOptions, TestClusterOptions } from './cluster.ts';
export type { FalseDeath } from './machines.ts';
export type { IsCut } from './cuts.ts';
export type { DiskCopy } from './disk.ts';
export type { DiskWatcher } from './disk-store.ts';
