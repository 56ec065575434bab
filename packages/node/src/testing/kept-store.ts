import type { Store } from '@simpledht/storage';

/** A store whose data outlives its closing, as a disk's does: a restarted node is given the same one. */
export function keptStore(store: Store): Store {
  return {
    get: (key) => store.get(key),
    range: (bounds) => store.range(bounds),
    since: (origin, after, limit) => store.since(origin, after, limit),
    meta: (name) => store.meta(name),
    apply: (batch) => {
      store.apply(batch);
    },
    flush: () => store.flush(),
    durable: store.durable,
    get size() {
      return store.size;
    },
    get bytes() {
      return store.bytes;
    },
    close: () => Promise.resolve(),
  };
}
