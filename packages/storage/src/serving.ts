import type {
  Delta,
  Instant,
  NodeId,
  Page,
  PageRequest,
  StorageReply,
  StorageRequest,
  StoredRecord,
} from '@simpledht/wire';
import type { AntiEntropy } from './anti-entropy.ts';
import type { ReplicaContext } from './context.ts';
import type { MapReader } from './map-reader.ts';
import { PageEnds, servePage } from './pages.ts';
import type { Receiving } from './receiving.ts';
import type { Repair } from './repair.ts';

export interface ServingParts {
  readonly antiEntropy: AntiEntropy;
  readonly receiving: Receiving;
  readonly reader: MapReader;
  readonly repair: Repair;
}

/** Answers what other replicas ask. Every request is answered at once, in the turn in which it came. */
export class Serving {
  readonly #context: ReplicaContext;
  readonly #parts: ServingParts;
  readonly #ends = new PageEnds();

  constructor(context: ReplicaContext, parts: ServingParts) {
    this.#context = context;
    this.#parts = parts;
  }

  reply(message: StorageRequest, from: NodeId | undefined, now: Instant): StorageReply {
    const { antiEntropy, repair } = this.#parts;
    switch (message.kind) {
      case 'digest':
        return antiEntropy.requested(this.#context.peers.get(from), message, now);
      case 'delta':
        return this.#receive(message, from, now);
      case 'page-request':
        return this.#isRefused(from) ? nothingYet(message) : servePage(this.#context, message, this.#ends);
      case 'fetch':
        return { kind: 'fetched', records: this.#found(message.key) };
      case 'bucket-request':
        return repair.answer(now);
    }
  }

  /** A record that the asker may rely on: a replica that catches up may hold what was deleted long ago. */
  #found(key: string): StoredRecord[] {
    const record = this.#parts.reader.isCatchingUp ? undefined : this.#context.local.store.get(key);
    return record === undefined ? [] : [record];
  }

  #receive(delta: Delta, from: NodeId | undefined, now: Instant): StorageReply {
    const { receiving, reader } = this.#parts;
    if (this.#isRefused(from) || receiving.isPaused) return receiving.refused(delta);
    return receiving.delta(delta, this.#context.local.joined ? undefined : reader.live, from, now);
  }

  #isRefused(from: NodeId | undefined): boolean {
    return this.#context.peers.get(from)?.quarantined === true;
  }
}

function nothingYet({ after }: PageRequest): Page {
  const empty = { vector: [], floors: [], retired: [], records: [] };
  return { kind: 'page', total: 0, after, reached: after, done: false, ...empty };
}
