export { createTestCluster, TestCluster } from './cluster.ts';
export type { RestartOptions, TestClusterOptions } from './cluster.ts';
export type { DiskCopy } from './disk-store.ts';
