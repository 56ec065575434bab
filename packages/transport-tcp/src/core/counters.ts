import type { DropReason } from './effects.ts';

/** What connections count together. */
export interface ConnectionCounters {
  payloadsDropped: number;
  repliesUnwanted: number;
  drop(reason: DropReason): void;
}
