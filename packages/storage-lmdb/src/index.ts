export { lmdbStore } from './lmdb-store.ts';
export type { LmdbStoreOptions } from './lmdb-store.ts';
export { withOverlay } from './overlay/with-overlay.ts';
export type { OverlayOptions } from './overlay/with-overlay.ts';
export type { Changes, Engine } from './overlay/engine.ts';
