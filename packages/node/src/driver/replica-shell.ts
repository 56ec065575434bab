import type { Replica, ReplicaEffect, ReplicaEvent, Store } from '@simpledht/storage';
import type { Clock, Transport } from '@simpledht/transport';
import {
  encodeMessage,
  SimpleDHTError,
  type Address,
  type ErrorCode,
  type NodeId,
  type StoredRecord,
} from '@simpledht/wire';
import { asError } from '../events.ts';
import { Exchanges } from './exchanges.ts';
import { storageReply } from './storage-messages.ts';
import { instant, Wakeup } from './wakeup.ts';

/** How often a stopping node looks whether its peers have everything, ms. */
const drainLookMs = 5;
/** Peers that go on taking get so long at the most. */
const drainMaxMs = 5_000;

/** Effects that are for this process alone; the shell hands them out. */
export type ReplicaSignal = Exclude<ReplicaEffect, { type: 'request' } | { type: 'reply' }>;

export interface ReplicaShellOptions {
  readonly core: Replica;
  readonly store: Store;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly addressOf: (peer: NodeId) => Address | undefined;
  readonly onSignal: (signal: ReplicaSignal) => void;
  readonly onError: (error: Error) => void;
}

/**
 * Runs the replica in turns: everything that happens in one turn of the event loop becomes one store transaction and
 * one push per peer. Nothing that a turn made leaves before the store has flushed that turn.
 */
export class ReplicaShell {
  readonly core: Replica;
  readonly exchanges: Exchanges = new Exchanges();
  readonly #options: ReplicaShellOptions;
  readonly #wakeup: Wakeup;
  readonly #turn: () => void;
  #scheduled = false;
  #flushing: Promise<void> | undefined;
  /** A turn came while the store was flushing; it runs when that is done. */
  #missedTurn = false;
  /** Settles when all that was applied so far is durable; shared by all writers of a turn. */
  #durable: Deferred | undefined;
  /** The last turn has begun: what comes now would be written without what the turn's end says of it. */
  #isEnding = false;
  #closed = false;

  constructor(options: ReplicaShellOptions) {
    this.core = options.core;
    this.#options = options;
    this.#wakeup = new Wakeup(options.clock, () => {
      this.handle({ type: 'tick' });
    });
    this.#turn = () => {
      this.#scheduled = false;
      this.#runTurn();
    };
  }

  handle(event: ReplicaEvent): void {
    if (this.#isEnding) return;
    try {
      this.core.handle(event, instant(this.#options.clock));
    } catch (cause) {
      this.#refused(event, cause);
    }
    this.touch();
  }

  /** What is on its way to a peer may be lost: it is another process, or at another address. */
  reconnected(peer: NodeId): void {
    this.handle({ type: 'peer-down', peer });
    this.handle({ type: 'peer-up', peer });
  }

  /** Merges records that a peer told of; nothing is covered by them. */
  keep(records: readonly StoredRecord[]): void {
    if (records.length === 0) return;
    const exchange = this.exchanges.open(() => undefined);
    this.handle({ type: 'request', peer: undefined, message: { kind: 'delta', ranges: [], records }, exchange });
  }

  /** Something changed: a turn will follow. Cheap, for every write calls it. */
  touch(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#options.clock.defer(this.#turn);
  }

  /** Settles when everything applied so far is durable; `undefined` when the store keeps nothing beyond the process. */
  durable(): Promise<void> | undefined {
    if (!this.#options.store.durable) return undefined;
    this.touch();
    this.#durable ??= defer();
    return this.#durable.promise;
  }

  /**
   * Gives peers time to take what was written here (`patienceMs` without any progress), then runs the last turn and
   * stops the timer. Whatever the store does, nothing runs afterwards and nobody waits for ever.
   */
  async close(patienceMs: number): Promise<void> {
    await this.#drained(patienceMs);
    try {
      await this.#flushing;
      this.#isEnding = true;
      this.#runTurn();
      await this.#flushing;
    } finally {
      this.#isEnding = true;
      this.#closed = true;
      this.#wakeup.close();
      this.#durable?.reject(new SimpleDHTError('ERR_CLOSED', 'The node stopped before the write was durable'));
    }
  }

  /** Settles when no live peer lacks anything that was written here, when none took any for `patienceMs`, or at the latest. */
  #drained(patienceMs: number): Promise<void> {
    const { clock } = this.#options;
    const lacking = (): number => this.core.peers().reduce((sum, { up, lacksOwn }) => sum + (up ? lacksOwn : 0), 0);
    const latestMs = clock.monotonic() + drainMaxMs;
    let least = lacking();
    let endMs = clock.monotonic() + patienceMs;
    return new Promise((resolve) => {
      const look = (): void => {
        const left = lacking();
        if (left < least) endMs = clock.monotonic() + patienceMs;
        least = Math.min(least, left);
        if (left === 0 || clock.monotonic() >= Math.min(endMs, latestMs)) resolve();
        else clock.setTimeout(look, drainLookMs);
      };
      look();
    });
  }

  #runTurn(): void {
    // One transaction at a time: what comes meanwhile is the next turn's (group commit).
    if (this.#closed) return;
    if (this.#flushing !== undefined) {
      this.#missedTurn = true;
      return;
    }
    const { store, clock } = this.#options;
    const durable = this.#durable;
    this.#durable = undefined;
    let effects: readonly ReplicaEffect[] = [];
    let flushed: Promise<void> | undefined;
    try {
      this.core.flush(instant(clock));
      effects = this.core.take();
      flushed = store.flush();
    } catch (cause) {
      this.#failed(cause, effects, durable);
      return;
    }
    if (flushed === undefined) this.#finish(effects, durable);
    else this.#flushing = this.#await(flushed, effects, durable);
  }

  async #await(
    flushed: Promise<void>,
    effects: readonly ReplicaEffect[],
    durable: Deferred | undefined,
  ): Promise<void> {
    const failure = await flushed.then(
      () => undefined,
      (cause: unknown) => ({ cause }),
    );
    this.#flushing = undefined;
    if (failure === undefined) this.#finish(effects, durable);
    else this.#failed(failure.cause, effects, durable);
    if (this.#missedTurn) this.touch();
    this.#missedTurn = false;
  }

  #finish(effects: readonly ReplicaEffect[], durable: Deferred | undefined): void {
    durable?.resolve();
    for (const effect of effects) {
      try {
        this.#perform(effect);
      } catch (error) {
        this.#options.onError(asError(error));
      }
    }
    this.#wakeup.arm(this.core.deadline());
  }

  #failed(cause: unknown, effects: readonly ReplicaEffect[], durable: Deferred | undefined): void {
    const error = new SimpleDHTError('ERR_STORE', 'The store could not make a write durable', { cause });
    durable?.reject(error);
    this.#giveUp(effects);
    this.#options.onError(error);
    this.#wakeup.arm(this.core.deadline());
  }

  /** The store did not take what came (a full disk): nothing of it was applied, and who sent it hears so and tries again. */
  #refused(event: ReplicaEvent, cause: unknown): void {
    const error = SimpleDHTError.is(cause)
      ? cause
      : new SimpleDHTError('ERR_STORE', 'The store did not take what a peer sent', { cause });
    if (event.type === 'request') this.exchanges.answer(event.exchange, failureOf(error.code, error.message));
    this.#options.onError(error);
  }

  /** Nothing that rests on what was not made durable may leave; whoever waits for it hears so. */
  #giveUp(effects: readonly ReplicaEffect[]): void {
    const failure = failureOf('ERR_STORE', 'the store could not make it durable');
    for (const effect of effects) {
      if (effect.type === 'reply') this.exchanges.answer(effect.exchange, failure);
      else if (effect.type === 'request')
        for (const { exchange } of effect.targets) this.handle({ type: 'failed', exchange });
      // The rest is for this process, and true of its memory.
      else this.#options.onSignal(effect);
    }
  }

  #perform(effect: ReplicaEffect): void {
    if (effect.type === 'request') this.#request(effect);
    else if (effect.type === 'reply') this.#reply(effect);
    else this.#options.onSignal(effect);
  }

  /** An answer that does not fit a message is a failure to the asker, who would wait in vain otherwise. */
  #reply({ exchange, message }: Extract<ReplicaEffect, { type: 'reply' }>): void {
    let payload: Uint8Array;
    try {
      payload = encodeMessage(message);
    } catch (error) {
      const text = 'the answer does not fit a message';
      this.exchanges.answer(exchange, failureOf('ERR_LIMIT_REACHED', text));
      throw error;
    }
    this.exchanges.answer(exchange, payload);
  }

  #request({ message, targets, timeoutMs }: Extract<ReplicaEffect, { type: 'request' }>): void {
    const { transport, addressOf } = this.#options;
    let payload: Uint8Array;
    try {
      payload = encodeMessage(message);
    } catch (error) {
      for (const { exchange } of targets) this.handle({ type: 'failed', exchange });
      throw error;
    }
    for (const { peer, exchange } of targets) {
      const address = addressOf(peer);
      if (address === undefined) {
        this.handle({ type: 'failed', exchange });
        continue;
      }
      transport.request(address, payload, { timeoutMs }).then(
        (answer) => {
          this.#answered(exchange, answer);
        },
        () => {
          this.handle({ type: 'failed', exchange });
        },
      );
    }
  }

  #answered(exchange: number, payload: Uint8Array): void {
    const message = storageReply(payload);
    if (message === undefined) this.handle({ type: 'failed', exchange });
    else this.handle({ type: 'answered', exchange, message });
  }
}

function failureOf(code: ErrorCode, message: string): Uint8Array {
  return encodeMessage({ kind: 'failure', code, message, acknowledged: 0, needed: 0 });
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function defer(): Deferred {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
