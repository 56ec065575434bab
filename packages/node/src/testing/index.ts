export { createTestCluster, TestCluster } from './cluster.ts';
export type { TestClusterOptions } from './cluster.ts';
