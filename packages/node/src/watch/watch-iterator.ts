import type { WatchEvent } from './events.ts';
import { Watch, type WatchParts } from './watch.ts';

type Result<T> = IteratorResult<WatchEvent<T>, undefined>;

const done = { done: true, value: undefined } as const;

/**
 * A watch for `for await`. It ends with the loop, with `return()`, with its signal and with the node; each of these is an
 * end like any other, and none is an error.
 */
export class WatchIterator<T = unknown> {
  readonly #watch: Watch;
  readonly #batches: AsyncGenerator<Iterable<WatchEvent, undefined>, void>;
  #batch: Iterator<WatchEvent, undefined> = [][Symbol.iterator]();
  /** Calls of `next` that wait for a batch; a second one waits behind the first. */
  #pulling = 0;
  #tail: Promise<unknown> = Promise.resolve();

  /** Use `watch`. */
  constructor(parts: WatchParts) {
    this.#watch = new Watch(parts);
    this.#batches = this.#watch.batches();
  }

  next(): Promise<Result<T>> {
    const event = this.#pulling === 0 ? this.#here() : undefined;
    if (event !== undefined) return Promise.resolve(event);
    this.#pulling += 1;
    const pulled = this.#tail.then(() => this.#pull());
    const settled = (): void => {
      this.#pulling -= 1;
    };
    this.#tail = pulled.then(settled, settled);
    return pulled;
  }

  /** Ends the watch, also while `next` is waiting. Idempotent. */
  return(): Promise<Result<T>> {
    this.#watch.end();
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** What needs no waiting. */
  #here(): Result<T> | undefined {
    if (this.#watch.isOver) return done;
    const result: IteratorResult<WatchEvent, undefined> = this.#batch.next();
    // The schema of a namespace has checked what it wrote; see there for what that means for the type.
    return result.done === true ? undefined : { done: false, value: result.value as WatchEvent<T> };
  }

  async #pull(): Promise<Result<T>> {
    try {
      for (let event = this.#here(); ; event = this.#here()) {
        if (event !== undefined) return event;
        const batch = await this.#batches.next();
        if (batch.done === true) return done;
        this.#batch = batch.value[Symbol.iterator]();
      }
    } catch (error) {
      this.#watch.end();
      throw error;
    }
  }
}
