import { storedKey } from '@simpledht/storage';
import type { Clock } from '@simpledht/transport';
import { asError } from '../events.ts';
import { invalid } from '../options.ts';
import type { ReplicatedMap } from '../replicated-map.ts';
import type { WatchOptions } from '../watch/events.ts';
import type { ChangeFeed } from '../watch/feed.ts';
import { vectorOf } from '../watch/token.ts';
import { WatchIterator } from '../watch/watch-iterator.ts';
import type { WatchStart } from '../watch/watch.ts';

export interface MapSourceParts {
  readonly map: ReplicatedMap;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

/** A map with what its verbs need beside it. */
export class MapSource {
  readonly map: ReplicatedMap;
  readonly clock: Clock;
  readonly #feed: ChangeFeed;
  readonly #onError: (error: Error) => void;

  constructor({ map, feed, clock, onError }: MapSourceParts) {
    this.map = map;
    this.clock = clock;
    this.#feed = feed;
    this.#onError = onError;
  }

  /** What `read` makes; a value that does not decode (of another program, or damaged) is reported and left out. */
  readonly readable = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      this.#onError(asError(error));
      return undefined;
    }
  };

  watch<T>(options: WatchOptions): WatchIterator<T> {
    this.map.mustBeOpen();
    const { prefix = '', signal } = options;
    if (typeof prefix !== 'string') throw invalid('prefix', 'a string', prefix);
    return new WatchIterator<T>({
      feed: this.#feed,
      prefix: storedKey(this.map.namespace, prefix),
      start: startOf(options),
      signal,
      wallMs: () => this.clock.now(),
      onError: this.#onError,
    });
  }
}

function startOf({ from, initial = true }: WatchOptions): WatchStart {
  if (typeof initial !== 'boolean') throw invalid('initial', 'a boolean', initial);
  if (from !== undefined) return vectorOf(from);
  return initial ? 'all' : 'now';
}
