import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import base from '../vitest/base.ts';

// Packing, npm and the TypeScript compiler run as processes here; a slow registry must fail, not hang.
const config: ViteUserConfig = mergeConfig(
  base,
  defineConfig({ test: { globalSetup: ['src/pack.ts'], testTimeout: 60_000, hookTimeout: 90_000 } }),
);

export default config;
