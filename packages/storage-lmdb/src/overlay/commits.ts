import type { SimpleDHTError } from '@simpledht/wire';
import { asStoreError } from '../errors.ts';
import type { Changes, Engine } from './engine.ts';
import { Pending } from './pending.ts';

/** Sums of everything applied, durable or not. */
export interface Totals {
  size: number;
  bytes: number;
}

export interface CommitsOptions {
  readonly engine: Engine;
  readonly totals: Readonly<Totals>;
  /** How often a commit that failed is tried again, ms. */
  readonly retryMs: number;
}

/**
 * What was applied and is not durable yet, and its way into the engine: one commit at a time, everything that comes
 * meanwhile in the next one (group commit).
 *
 * 1. What was applied is in `layers` until it is durable; a commit that failed brings it back.
 * 2. After a failure nothing that grows is taken in until a commit has succeeded, so memory stays bounded.
 */
export class Commits {
  readonly #options: CommitsOptions;
  #active = new Pending();
  #layers: readonly Pending[] = [this.#active];
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: SimpleDHTError | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  /** The latest first. */
  get layers(): readonly Pending[] {
    return this.#layers;
  }

  /** Where to apply. */
  get active(): Pending {
    return this.#active;
  }

  /** Why the latest commit failed; `undefined` when it did not. */
  get failure(): SimpleDHTError | undefined {
    return this.#failure;
  }

  /** Settles when everything applied so far is durable; `undefined` when it is. */
  flush(): Promise<void> | undefined {
    if (this.#current === undefined) return this.#active.isEmpty ? undefined : this.#commit();
    if (this.#active.isEmpty) return this.#current;
    this.#next ??= this.#after(this.#current);
    return this.#next;
  }

  /** The last commit. Rejects when it failed; then what it held is lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopRetrying();
    await this.#current?.catch(() => undefined);
    this.#stopRetrying();
    await this.flush();
  }

  async #after(current: Promise<void>): Promise<void> {
    await current.catch(() => undefined);
    this.#next = undefined;
    await this.flush();
  }

  #commit(): Promise<void> {
    const batch = this.#active;
    const changes = this.#changesOf(batch);
    // The disk was full and is still: trying would only write half a transaction into the last free blocks.
    if (this.#failure !== undefined && !this.#options.engine.hasRoom(changes)) return this.#refused(this.#failure);
    this.#active = new Pending();
    this.#layers = [this.#active, batch];
    const current = this.#run(batch, changes);
    this.#current = current;
    const end = (): void => {
      this.#current = undefined;
    };
    // First of all that wait for it, so that they find it ended.
    void current.then(end, end);
    return current;
  }

  async #run(batch: Pending, changes: Changes): Promise<void> {
    try {
      await this.#options.engine.commit(changes);
      this.#failure = undefined;
      this.#stopRetrying();
    } catch (cause) {
      batch.absorb(this.#active);
      this.#active = batch;
      this.#failure = asStoreError(cause, 'The store could not write to its disk');
      this.#tryAgain();
      throw this.#failure;
    } finally {
      this.#layers = [this.#active];
    }
  }

  #refused(failure: SimpleDHTError): Promise<void> {
    this.#tryAgain();
    return Promise.reject(failure);
  }

  #tryAgain(): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      // Whoever waits for it has heard of the failure; the next apply tells whether it is over.
      this.flush()?.catch(() => undefined);
    }, this.#options.retryMs);
    this.#retry.unref();
  }

  #stopRetrying(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #changesOf({ records, removed, meta }: Pending): Changes {
    const { size, bytes } = this.#options.totals;
    return { records: [...records.range()], removed: [...removed], meta: [...meta], size, bytes };
  }
}
