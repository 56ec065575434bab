import type { Write } from '@simpledht/storage';
import type { Clock } from '@simpledht/transport';
import { InDoubtError, SimpleDHTError, type StoredRecord } from '@simpledht/wire';
import { neededMembers } from '../driver/acknowledgements.ts';
import type { Driver } from '../driver/driver.ts';
import { checkedTimeout } from '../options.ts';
import { Pacer } from '../pacer.ts';
import type { WriteOptions, WriteResult } from '../types.ts';
import { versionOf } from '../versions.ts';
import { within } from '../waiting.ts';

const defaultTimeoutMs = 5000;

/** What a write waits for, checked before it is made. */
export interface Terms {
  readonly needed: number;
  readonly timeoutMs: number;
  /** Monotonic. */
  readonly endMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Writes into this node's replica, and waits for them as their options say. */
export class LocalWrites {
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #pacer: Pacer;

  constructor(driver: Driver, clock: Clock) {
    this.#driver = driver;
    this.#clock = clock;
    this.#pacer = new Pacer(clock, () => driver.replica.core.unsentBytes);
  }

  /** Throws `ERR_INVALID_OPTION`, `ERR_TOO_FEW_MEMBERS` or the signal's reason. */
  terms({ acks, timeout, signal }: WriteOptions): Terms {
    signal?.throwIfAborted();
    const timeoutMs = checkedTimeout(timeout) ?? defaultTimeoutMs;
    const needed = acks === undefined || acks === 'local' ? 1 : neededMembers(acks, this.#driver.knownMembers);
    return { needed, timeoutMs, endMs: this.#clock.monotonic() + timeoutMs, signal };
  }

  put(write: Write): StoredRecord {
    const { replica } = this.#driver;
    try {
      const record = replica.core.put(write, this.#clock.now());
      replica.touch();
      return record;
    } catch (cause) {
      throw storeError(cause);
    }
  }

  /** All or, when it throws, none. */
  batch(writes: readonly Write[]): readonly StoredRecord[] {
    const { replica } = this.#driver;
    try {
      const records = replica.core.batch(writes, this.#clock.now());
      replica.touch();
      return records;
    } catch (cause) {
      throw storeError(cause);
    }
  }

  /** The next turn, when this one has gone on for long or much is unsent. */
  pause(): Promise<void> | undefined {
    return this.#pacer.wait();
  }

  /** Waits until the record, and with it all that was written before it, is held as the terms ask. */
  async settle(record: StoredRecord, { needed, timeoutMs, endMs, signal }: Terms): Promise<WriteResult> {
    const { replica, acknowledgements } = this.#driver;
    const version = versionOf(record);
    const clock = this.#clock;
    const durable = replica.durable();
    if (durable !== undefined)
      await within(durable, { clock, timeoutMs, signal, late: () => new InDoubtError(0, needed, { version }) });
    let acknowledged = 1;
    if (needed > 1) {
      const leftMs = Math.max(0, endMs - clock.monotonic());
      acknowledged = await acknowledgements.wait(record.seq, needed, leftMs, signal).catch((error: unknown) => {
        throw error instanceof InDoubtError ? new InDoubtError(error.acknowledged, needed, { version }) : error;
      });
    } else {
      const pause = this.pause();
      if (pause !== undefined) await pause;
    }
    return { version, acknowledged };
  }
}

function storeError(cause: unknown): SimpleDHTError {
  if (SimpleDHTError.is(cause)) return cause;
  return new SimpleDHTError('ERR_STORE', 'The store did not take the write; nothing changed', { cause });
}
