import type { DialBackOutcome } from './dial-back.ts';

/** What a call tells of the way to a node. */
export interface CallReport {
  readonly secure: boolean;
  /** Version of the wire protocol that the node speaks. */
  readonly protocol: number;
  /** The node's wall clock minus ours, ms; right to half a round trip. */
  readonly clockOffsetMs: number;
  /** Where the node sees this machine. */
  readonly observed: string;
  /** Whether the node reached this machine when it dialled that address from a fresh socket. */
  readonly dialBack: DialBackOutcome;
}
