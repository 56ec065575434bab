import { availableParallelism } from 'node:os';
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import base from './base.ts';

/**
 * For suites that compute and wait for nobody: they take all cores, and run first, while lint and types are being checked.
 * What keeps real time runs after them, beside less.
 */
const config: ViteUserConfig = mergeConfig(
  base,
  defineConfig({ test: { maxWorkers: availableParallelism(), sequence: { groupOrder: 1 }, testTimeout: 120_000 } }),
);

export default config;
