import { EventEmitter } from 'node:events';
import type { Logger } from '@simpledht/transport';
import type { NodeEvents } from './types.ts';

/** Hands events to listeners; a listener that throws, or an `error` that nobody hears, never reaches the host process. */
export class EventHub {
  readonly emitter: EventEmitter<NodeEvents> = new EventEmitter<NodeEvents>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  emit<K extends keyof NodeEvents>(name: K, ...args: NodeEvents[K]): void {
    if (this.emitter.listenerCount(name) === 0) {
      if (name === 'error') this.#logger.error({ err: args[0] }, 'background task failed');
      return;
    }
    try {
      // The tuple type of the generic emitter cannot follow K; the signature above has checked it.
      (this.emitter as EventEmitter).emit(name, ...args);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (name === 'error') this.#logger.error({ err: error }, 'an error listener threw');
      else this.emit('error', error);
    }
  }
}
