export type { KeyBounds, Store, StoreBatch } from './store.ts';
