import { SimpleDHTError } from '@simpledht/wire';

/** idle → starting → open → stopping → stopped; a failed start is stopped. There is no way back. */
export class Lifecycle {
  #state: 'idle' | 'starting' | 'open' | 'stopping' | 'stopped' = 'idle';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** Runs `open` once, and `abandon` when it fails; a second call waits for the first. */
  start(open: () => Promise<void>, abandon: () => Promise<void>): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return Promise.reject(closed());
    this.#starting ??= this.#start(open, abandon);
    return this.#starting;
  }

  /** Runs `close` once (`abandon` when it never opened), after a start under way has ended; a second call waits for the first. */
  stop(close: () => Promise<void>, abandon: () => Promise<void>): Promise<void> {
    this.#stopping ??= this.#stop(close, abandon);
    return this.#stopping;
  }

  mustBeOpen(): void {
    if (this.#state === 'open') return;
    if (this.#state === 'idle' || this.#state === 'starting')
      throw new SimpleDHTError('ERR_NOT_STARTED', 'The node has not started; await node.start() first');
    throw closed();
  }

  async #start(open: () => Promise<void>, abandon: () => Promise<void>): Promise<void> {
    this.#state = 'starting';
    try {
      await open();
      this.#state = 'open';
    } catch (error) {
      this.#state = 'stopped';
      await abandon();
      throw error;
    }
  }

  async #stop(close: () => Promise<void>, abandon: () => Promise<void>): Promise<void> {
    const wasIdle = this.#state === 'idle';
    await this.#starting?.catch(() => undefined);
    const opened = this.#state === 'open';
    this.#state = 'stopping';
    try {
      if (opened) await close();
      else if (wasIdle) await abandon();
    } finally {
      this.#state = 'stopped';
    }
  }
}

function closed(): SimpleDHTError {
  return new SimpleDHTError('ERR_CLOSED', 'The node has stopped');
}
