import type { Outbox, ReplicaCounters } from './effects.ts';
import type { Exchanges } from './exchanges.ts';
import type { LocalMap } from './local-map.ts';
import type { PeerTable } from './peer-table.ts';
import type { ReplicaSettings } from './settings.ts';

/** What the parts of one replica share. */
export interface ReplicaContext {
  readonly settings: ReplicaSettings;
  readonly local: LocalMap;
  readonly peers: PeerTable;
  readonly exchanges: Exchanges;
  readonly outbox: Outbox;
  readonly counters: ReplicaCounters;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}
