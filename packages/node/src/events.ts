import { EventEmitter } from 'node:events';
import type { Logger } from '@simpledht/transport';
import type { NodeEvents } from './types.ts';

/** Hands events to listeners. What one throws, or rejects with, reaches neither the other listeners nor the host process. */
export class EventHub {
  readonly emitter: EventEmitter<NodeEvents> = new EventEmitter<NodeEvents>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  emit<K extends keyof NodeEvents>(name: K, ...args: NodeEvents[K]): void {
    const listeners = this.emitter.rawListeners(name);
    if (listeners.length === 0 && name === 'error') this.#logger.error({ err: args[0] }, 'background task failed');
    for (const listener of listeners) {
      try {
        const result: unknown = Reflect.apply(listener, this.emitter, args);
        if (result instanceof Promise)
          result.catch((error: unknown) => {
            this.#failed(name, error);
          });
      } catch (error) {
        this.#failed(name, error);
      }
    }
  }

  #failed(name: keyof NodeEvents, cause: unknown): void {
    const error = asError(cause);
    if (name === 'error') this.#logger.error({ err: error }, 'an error listener threw');
    else this.emit('error', error);
  }
}

/** Whatever was thrown, as an Error. */
export function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
