/*
 * A run as data: everything that will happen is drawn before it begins, so that a plan can be kept in a file, and made
 * smaller step by step while it still fails. Each step stands alone: one that makes no sense when its time comes (a dead
 * node is killed) does nothing.
 */

/** What holds for a whole run. */
export interface Setting {
  readonly nodes: number;
  /** The cluster has a secret. */
  readonly sealed: boolean;
  /** Data outlives a process. */
  readonly durable: boolean;
  /** What a flush takes, ms. */
  readonly flushMs: readonly [least: number, most: number];
  /** What the way takes, ms. */
  readonly delayMs: readonly [least: number, most: number];
  readonly preset: 'local' | 'lan';
  readonly chaosMs: number;
  /** Every other process speaks a later version of the protocol, and whoever starts again the other one than before. */
  readonly mixed?: boolean;
}

interface NetworkFaults {
  readonly lose: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly corrupt: number;
  readonly delayMs: readonly [least: number, most: number];
}

type Shape = 'halves' | 'alone' | 'one-way' | 'bridge' | 'ring';
/** What a process finds on its disk when it starts again. */
type ComeBack = 'kept' | 'empty' | 'old copy';

/** Something that goes wrong. Indices of nodes beyond their number count from the first again. */
export type Fault = { readonly atMs: number } & (
  | { readonly type: 'network'; readonly faults: NetworkFaults; readonly forMs: number }
  | { readonly type: 'partition'; readonly shape: Shape; readonly nodes: readonly number[]; readonly forMs: number }
  | {
      readonly type: 'clog';
      readonly from: number;
      readonly to: number;
      readonly delayMs: number;
      readonly forMs: number;
    }
  | { readonly type: 'skew'; readonly node: number; readonly offsetMs: number }
  | { readonly type: 'pause'; readonly node: number; readonly forMs: number }
  | { readonly type: 'slow'; readonly node: number; readonly costMs: number; readonly forMs: number }
  | { readonly type: 'slow-disk'; readonly node: number; readonly times: number; readonly forMs: number }
  | { readonly type: 'full-disk'; readonly node: number; readonly forMs: number }
  | {
      readonly type: 'kill';
      readonly node: number;
      readonly forMs: number;
      /** Flushes that the disk had promised and lost. */
      readonly lost: number;
      readonly comeBack: ComeBack;
      readonly moved: boolean;
    }
  | { readonly type: 'move'; readonly node: number }
  | { readonly type: 'copy'; readonly node: number }
  | { readonly type: 'clone'; readonly node: number; readonly forMs: number }
  | {
      readonly type: 'leave';
      readonly node: number;
      readonly forMs: number;
      /** Default: empty. */
      readonly comeBack?: Exclude<ComeBack, 'old copy'>;
    }
  | { readonly type: 'join' }
  | { readonly type: 'attack'; readonly perSecond: number; readonly forMs: number }
);

export type AckLevel = 'local' | 'majority' | 'all' | number;

/** Of a batch. */
export interface Item {
  readonly key: string;
  /** Names the value, once in a plan; `undefined` deletes. */
  readonly value: number | undefined;
  readonly ttlMs?: number | undefined;
}

/** What a user does. `value` names what is written, once in a plan. */
export type Operation = { readonly atMs: number; readonly node: number } & (
  | {
      readonly type: 'put';
      readonly key: string;
      readonly value: number;
      readonly bytes: number;
      readonly ttlMs: number | undefined;
      readonly acks: AckLevel;
      /** Called over the network, from outside the cluster. */
      readonly remote: boolean;
    }
  | { readonly type: 'delete'; readonly key: string; readonly acks: AckLevel; readonly remote: boolean }
  | { readonly type: 'batch'; readonly items: readonly Item[]; readonly acks: AckLevel }
  | { readonly type: 'put-if'; readonly key: string; readonly value: number; readonly acks: AckLevel }
  | { readonly type: 'update'; readonly key: string; readonly value: number; readonly acks: AckLevel }
  | { readonly type: 'watch'; readonly forMs: number }
);

export type Step = Fault | Operation;
export type FaultType = Fault['type'];

export interface Plan {
  readonly seed: number;
  readonly setting: Setting;
  /** In the order of their times. */
  readonly steps: readonly Step[];
}

export const faultTypes: readonly FaultType[] = [
  'network',
  'partition',
  'clog',
  'skew',
  'pause',
  'slow',
  'slow-disk',
  'full-disk',
  'kill',
  'move',
  'copy',
  'clone',
  'leave',
  'join',
  'attack',
];

export function isFault(step: Step): step is Fault {
  return faultTypes.some((type) => type === step.type);
}
