import type { Membership } from '@simpledht/membership';
import type { Store } from '@simpledht/storage';
import type { Clock, TimerHandle } from '@simpledht/transport';
import type { NodeId } from '@simpledht/wire';
import { asError } from '../events.ts';
import { decodeRoster, encodeRoster, type RosterCopy } from './roster-copy.ts';

const rosterName = 'membership/roster';

/** Least time between two savings, ms: each is a transaction of the store, and a network that flaps changes much. */
const pauseMs = 1000;

/** What the store of this node holds of its former life; nothing when it was another's, or does not read. */
export function recallRoster(store: Store, self: NodeId): RosterCopy | undefined {
  const copy = decodeRoster(store.meta(rosterName));
  return copy?.self === self ? copy : undefined;
}

export interface KeptRosterOptions {
  readonly self: NodeId;
  readonly core: Membership;
  readonly store: Store;
  readonly clock: Clock;
  /** Something was applied to the store: it is to be flushed. */
  readonly touch: () => void;
  readonly onError: (error: Error) => void;
}

/**
 * Keeps the roster with the data, so that a restarted node finds the others without its bootstrap addresses, and holds back
 * the purge of deletes for who was away then. A crash loses the last second: those are known to the others, too.
 */
export class KeptRoster {
  readonly #options: KeptRosterOptions;
  #revision = -1;
  #savedMs = -Infinity;
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor(options: KeptRosterOptions) {
    this.#options = options;
  }

  /** Called after every event. */
  follow(): void {
    const { core, clock } = this.#options;
    if (this.#closed || core.revision === this.#revision || this.#timer !== undefined) return;
    const waitMs = this.#savedMs + pauseMs - clock.monotonic();
    if (waitMs <= 0) this.#save();
    else
      this.#timer = clock.setTimeout(() => {
        this.#timer = undefined;
        this.#save();
      }, waitMs);
  }

  /** Saves what is not saved yet. */
  close(): void {
    this.#closed = true;
    if (this.#timer === undefined) return;
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#save();
  }

  #save(): void {
    const { self, core, store, clock, touch, onError } = this.#options;
    this.#revision = core.revision;
    this.#savedMs = clock.monotonic();
    const ageMs = (sinceMs: number): number => this.#savedMs - sinceMs;
    const members = core.members.map((member) => ({ ...member, sinceMs: clock.now() - ageMs(member.since) }));
    try {
      store.apply({ meta: [[rosterName, encodeRoster({ self, incarnation: core.incarnation, members })]] });
      touch();
    } catch (cause) {
      // A full disk; the next change tries again.
      onError(asError(cause));
    }
  }
}
