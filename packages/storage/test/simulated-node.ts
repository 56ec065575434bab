import type { NodeId } from '@simpledht/wire';
import type { Replica, ReplicaNotice } from '../src/index.ts';
import type { DiskWatcher, SimulatedDisk } from './simulated-disk.ts';

export function nodeId(index: number): NodeId {
  return (index + 1).toString(16).padStart(2, '0').repeat(16) as NodeId;
}

/** What a node is made of; the cluster knows how. */
export interface NodeParts {
  readonly disk: (node: SimulatedNode) => SimulatedDisk;
  readonly replica: (node: SimulatedNode) => Replica;
}

/** One process: a replica, its store and what its shell would do. */
export class SimulatedNode {
  readonly index: number;
  readonly id: NodeId;
  readonly store: SimulatedDisk;
  replica: Replica;
  up = true;
  /** Grows with every start, so that nothing of a former life arrives. */
  life = 0;
  readonly notices: ReplicaNotice[] = [];
  readonly acknowledged: Map<number, number> = new Map<number, number>();
  tickAtMs: number | undefined;
  /** Makes the transaction durable that is on its way to the disk. */
  commit: (() => void) | undefined;
  /** A turn came while the disk was busy; it runs when that is done. */
  missedTurn = false;
  /** How far its wall clock is off, ms; may change at any time. */
  skewMs = 0;
  /** The members that it has heard of and that have not left: kept with its data. */
  readonly roster: Set<NodeId> = new Set<NodeId>();

  constructor(index: number, { disk, replica }: NodeParts) {
    this.index = index;
    this.id = nodeId(index);
    this.store = disk(this);
    this.replica = replica(this);
  }
}

/** What the store of a node does, for those who judge it. */
export type NodeWatcher = (node: SimulatedNode) => DiskWatcher;
