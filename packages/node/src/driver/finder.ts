import type { Announcement, Clock, Discovery, Found, TimerHandle } from '@simpledht/transport';
import { isNodeId, SimpleDHTError, type NodeId } from '@simpledht/wire';
import { asError } from '../events.ts';
import { within } from '../waiting.ts';

/** Addresses that discovery told of and that are dialled at a time. One more is dropped; it will be told again. */
const maxDials = 8;

/**
 * How long a node that starts looks around before it takes itself to be alone, ms. A guess: two questions and their
 * answers, one of them lost, on a wireless network.
 */
const patienceMs = 3000;

/** How long a stopping node waits until its announcement is taken back, ms. */
const stopPatienceMs = 500;

/** No address is longer; one that is comes from somebody who wants memory. */
const maxAddressLength = 255;

export interface FinderOptions {
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly announcement: () => Announcement;
  /** That member is alive as far as is known. */
  readonly isKnown: (id: NodeId) => boolean;
  /** It is a name of `bootstrap`, which is dialled anyway. */
  readonly isBootstrap: (name: string) => boolean;
  /** Begins to dial. `early`: the node is still looking around, and not ready before this is over. */
  readonly dial: (found: Found, early: boolean) => void;
  /** Dial it no more. */
  readonly drop: (address: string) => void;
  readonly onPatienceOver: () => void;
  readonly onError: (error: Error) => void;
}

/**
 * Dials whom a discovery finds.
 *
 * 1. What a discovery does or tells is not trusted: it may throw, lie, flood, and never settle, and harms nobody.
 * 2. At most `maxDials` addresses are dialled at a time, each for the attempts of one bootstrap and no longer: who is there
 *    will be told again.
 */
export class Finder {
  readonly #options: FinderOptions;
  /** At most `maxDials`. */
  readonly #dials = new Set<string>();
  readonly #counters = { found: 0, known: 0, full: 0, malformed: 0, dialled: 0, reached: 0, failed: 0 };
  #timer: TimerHandle | undefined;
  #state: 'idle' | 'early' | 'late' | 'stopped' = 'idle';

  constructor(options: FinderOptions) {
    this.#options = options;
  }

  get counters(): Readonly<Record<string, number>> {
    return { ...this.#options.discovery.counters, ...this.#counters };
  }

  start(): void {
    const { discovery, clock, announcement, onPatienceOver } = this.#options;
    this.#state = 'early';
    this.#timer = clock.setTimeout(() => {
      this.#state = 'late';
      onPatienceOver();
    }, patienceMs);
    try {
      discovery.start(announcement(), { onFound: this.#onFound, onError: this.#onError });
    } catch (error) {
      this.#onError(asError(error));
    }
  }

  /** That address is being dialled because it was found. */
  owns(address: string): boolean {
    return this.#dials.has(address);
  }

  /** Dialling is over. */
  settled(address: string, reached: boolean): void {
    if (!this.release(address)) return;
    if (reached) this.#counters.reached++;
    else this.#counters.failed++;
    this.#options.drop(address);
  }

  /** Somebody else dials that address from now on. */
  release(address: string): boolean {
    return this.#dials.delete(address);
  }

  /** Takes the announcement back. Rejects when the discovery does, or does not settle. */
  async stop(): Promise<void> {
    const { discovery, clock } = this.#options;
    this.#state = 'stopped';
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    const late = (): Error => new SimpleDHTError('ERR_DISCOVERY', 'The discovery does not stop');
    await within(discovery.stop(), { clock, timeoutMs: stopPatienceMs, signal: undefined, late });
  }

  readonly #onFound = (found: Found): void => {
    if (this.#state === 'stopped') return;
    this.#counters.found++;
    const checked = asFound(found);
    if (checked === undefined) {
      this.#counters.malformed++;
      return;
    }
    const { isKnown, isBootstrap, dial } = this.#options;
    const { id, address } = checked;
    if (isKnown(id) || isBootstrap(address) || this.#dials.has(address)) this.#counters.known++;
    else if (this.#dials.size >= maxDials) this.#counters.full++;
    else {
      this.#counters.dialled++;
      this.#dials.add(address);
      dial(checked, this.#state === 'early');
    }
  };

  readonly #onError = (cause: unknown): void => {
    if (this.#state === 'stopped') return;
    const { message } = asError(cause);
    const error = SimpleDHTError.is(cause, 'ERR_DISCOVERY')
      ? cause
      : new SimpleDHTError('ERR_DISCOVERY', `Discovery failed: ${message}`, { cause });
    this.#options.onError(error);
  };
}

function asFound(found: unknown): (Found & { readonly id: NodeId }) | undefined {
  if (typeof found !== 'object' || found === null || !('id' in found) || !('address' in found)) return undefined;
  const { id, address } = found;
  if (typeof id !== 'string' || !isNodeId(id)) return undefined;
  if (typeof address !== 'string' || address === '' || address.length > maxAddressLength) return undefined;
  return { id, address };
}
