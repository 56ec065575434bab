import type { DropReason } from './effects.ts';
import type { Hello } from './hello.ts';
import type { PartialBudget } from './partial-messages.ts';
import type { TcpSettings } from './settings.ts';

/** What connections count together. */
export interface ConnectionCounters {
  payloadsDropped: number;
  repliesUnwanted: number;
  drop(reason: DropReason): void;
}

export interface ConnectionOptions {
  readonly settings: TcpSettings;
  readonly budget: PartialBudget;
  readonly counters: ConnectionCounters;
  readonly me: Hello;
  /** This side called, so it speaks first. */
  readonly dialled: boolean;
  readonly nowMs: number;
}
